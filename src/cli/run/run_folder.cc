#include "cli/run/run_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "cli/system/process.h"
#include "runtime/file.h"

namespace ripstop::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kSecret = 0600;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

template <typename Number>
Number number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<Number>() : Number{};
}

}  // namespace

std::string to_json(const RunRecord& record) {
  return Json{{"id", record.id},
              {"workload", record.workload},
              {"namespace", record.ns},
              {"pid", record.supervisor},
              {"start_time", record.start_time}}
      .dump();
}

Result<RunRecord> parse_run_record(std::string_view json) {
  const Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) return fail(ErrorCode::kParse, "run.json is not a JSON object");
  RunRecord record{.id = text_of(parsed, "id"),
                   .workload = text_of(parsed, "workload"),
                   .ns = text_of(parsed, "namespace"),
                   .supervisor = number_of<pid_t>(parsed, "pid"),
                   .start_time = number_of<uint64_t>(parsed, "start_time")};
  if (record.id.empty() || record.supervisor <= 0) return fail(ErrorCode::kParse, "run.json lacks an id or a pid");
  return record;
}

Result<RunFolder> RunFolder::create(const Home& home, const Member& member, const Registration& registration) {
  if (Status made = make_private_folder(home.members()); !made) return fail_with(made);
  RunFolder folder(home.members() + "/" + registration.id);
  if (Status made = make_private_folder(folder.path_); !made) return fail_with(made);
  const RunRecord record{.id = registration.id,
                         .workload = registration.workload,
                         .ns = member.ns,
                         .supervisor = getpid(),
                         .start_time = process_start_time(getpid()).value_or(0)};
  if (Status done = runtime::write_file(folder.path_ + "/run.json", to_json(record), kSecret); !done) {
    return fail_with(done);
  }
  if (Status done = folder.write(member, registration); !done) return fail_with(done);
  return folder;
}

RunFolder::RunFolder(RunFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

RunFolder::~RunFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Status RunFolder::write(const Member& member, const Registration& registration) {
  if (Status done = runtime::write_file(bootstrap(), member_bootstrap(member, registration), kSecret); !done) {
    return done;
  }
  if (Status done = runtime::write_file(join_token(), registration.join_token, kSecret); !done) return done;
  return runtime::write_file(roots(), registration.roots_pem, kSecret);
}

std::vector<RunningMember> list_members(const Home& home) {
  std::vector<RunningMember> members;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(home.members(), failed)) {
    const Result<std::string> text = runtime::read_file(entry.path().string() + "/run.json", 65536);
    if (!text) continue;
    const Result<RunRecord> record = parse_run_record(*text);
    if (!record) continue;
    const bool is_alive = process_start_time(record->supervisor) == record->start_time;
    members.push_back({*record, entry.path().string(), is_alive});
  }
  return members;
}

void sweep_dead_members(const Home& home, const ControlPlane& control_plane) {
  for (const RunningMember& member : list_members(home)) {
    if (member.is_alive) continue;
    const Status gone = deregister_member(control_plane, member.record.id);
    if (!gone && gone.error().code != ErrorCode::kNotFound) continue;
    std::error_code ignored;
    std::filesystem::remove_all(member.folder, ignored);
  }
}

}  // namespace ripstop::cli
