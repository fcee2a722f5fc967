#include "cli/demo/stage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/api/answer.h"
#include "cli/api/fetch.h"
#include "cli/demo/texts.h"
#include "cli/system/log_tail.h"
#include "cli/system/program.h"
#include "runtime/file.h"

namespace ripstop::cli::demo {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kControlPatience{15};
constexpr seconds kServicesPatience{45};
constexpr seconds kLoadPatience{60};
constexpr seconds kAskPatience{5};
constexpr milliseconds kBetweenLooks{50};
constexpr size_t kShownLogLines = 8;
constexpr const char* kPort = "9080";

struct Service {
  const char* name;
  const char* version;

  [[nodiscard]] std::string workload() const { return fmt::format("{}-{}", name, version); }
};
constexpr std::array<Service, 6> kServices = {{{"ratings", "v1"},
                                               {"details", "v1"},
                                               {"reviews", "v1"},
                                               {"reviews", "v2"},
                                               {"reviews", "v3"},
                                               {"productpage", "v1"}}};

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Workload> parse_workload(const Json& json) {
  Workload workload{.name = text_of(json, "workload"), .inside = {}, .admin = {}};
  const auto ports = json.find("ports");
  const bool has_port = ports != json.end() && ports->is_array() && !ports->empty();
  const auto inside = SocketAddress::parse(has_port ? text_of(ports->front(), "address") : "");
  const auto admin = SocketAddress::parse(text_of(json, "admin_address"));
  if (!inside || !admin)
    return fail(ErrorCode::kParse, "the control plane lists " + workload.name + " without address");
  workload.inside = *inside;
  workload.admin = *admin;
  return workload;
}

Result<runtime::FileDescriptor> open_log(const std::string& path) {
  runtime::FileDescriptor log(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!log.is_valid()) return fail_errno("cannot write " + path, errno);
  return log;
}

std::string end_of(const std::string& log) {
  const std::string said = last_lines(log, kShownLogLines);
  return said.empty() ? ", and said nothing" : "; the end of what it said:" + said;
}

}  // namespace

Result<Programs> find_programs() {
  std::error_code failed;
  Programs programs{.ripstop = std::filesystem::read_symlink("/proc/self/exe", failed).string(),
                    .control = find_own_program("ripstop-control", "RIPSTOP_CONTROL"),
                    .bookinfo = find_own_program("bookinfo", "RIPSTOP_BOOKINFO")};
  if (failed) return fail_errno("cannot tell which program runs", failed.value());
  if (programs.control.empty()) {
    return fail(ErrorCode::kNotFound, "the program `ripstop-control` is missing: it belongs beside `ripstop`");
  }
  if (programs.bookinfo.empty()) {
    return fail(ErrorCode::kNotFound,
                "the sample application `bookinfo` is missing: it belongs beside `ripstop`; is it built?");
  }
  return programs;
}

Result<std::unique_ptr<Stage>> Stage::set_up(Attention& attention, bool keeps_home) {
  std::unique_ptr<Stage> stage(new Stage(attention, keeps_home));
  Status done = stage->build();
  if (done) return stage;
  if (keeps_home) done.error().message += "; the mesh's home is kept in " + stage->home_.path;
  return fail_with(done);
}

Stage::~Stage() {
  for (const Member& member : members_) member.process.signal(SIGTERM);
  members_.clear();
  control_process_.reset();
  std::error_code ignored;
  if (!home_.path.empty() && !keeps_home_) std::filesystem::remove_all(home_.path, ignored);
}

Status Stage::build() {
  Result<Programs> programs = find_programs();
  if (!programs) return fail_with(programs);
  programs_ = std::move(*programs);
  Status done = make_home();
  if (done) done = start_control_plane();
  if (done) done = start_services();
  if (done) done = wait_for_services();
  return done;
}

Status Stage::make_home() {
  std::error_code failed;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(failed);
  if (failed) return fail(ErrorCode::kIo, "there is no folder for temporary files; does TMPDIR name one?");
  std::string path = (parent / "ripstop-demo-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) return fail_errno("cannot make a folder in " + parent.string(), errno);
  home_.path = path;
  // Of the members and their load generators as well.
  setenv("RIPSTOP_HOME", path.c_str(), 1);
  return {};
}

Status Stage::start_control_plane() {
  Result<runtime::FileDescriptor> log = open_log(home_.control_log());
  if (!log) return fail_with(log);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe", errno);
  const runtime::FileDescriptor ready(ends[0]);
  runtime::FileDescriptor theirs(ends[1]);
  Result<Child> process = Child::start({.program = programs_.control,
                                        .arguments = {"--home", home_.path, "--ready-fd", std::to_string(ends[1])},
                                        .inherited = {ends[1]},
                                        .output = log->get()});
  if (!process) return fail_with(process);
  control_process_ = std::make_unique<Child>(std::move(*process));
  theirs = runtime::FileDescriptor();
  Result<bool> is_told = attention_.wait({ready.get(), control_process_->fd()}, Clock::now() + kControlPatience);
  if (!is_told) return fail_with(is_told);
  char byte = 0;
  if (!*is_told || read(ready.get(), &byte, 1) != 1) {
    return fail(ErrorCode::kUnavailable, "the control plane did not start" + end_of(home_.control_log()));
  }
  Result<ControlPlane> opened = ControlPlane::open(home_);
  if (!opened) return fail_with(opened);
  control_plane_ = std::make_unique<ControlPlane>(std::move(*opened));
  return {};
}

Result<Child> Stage::start_member(const std::vector<std::string>& arguments, const std::string& log) {
  Result<runtime::FileDescriptor> output = open_log(log);
  if (!output) return fail_with(output);
  return Child::start({.program = programs_.ripstop, .arguments = arguments, .inherited = {}, .output = output->get()});
}

Status Stage::start_services() {
  for (const Service& service : kServices) {
    const std::string version = service.version;
    Result<Child> process = start_member({"run", service.name, "--port", kPort, "--label", "version=" + version,
                                          "--service-account", fmt::format("bookinfo-{}", service.name), "--",
                                          programs_.bookinfo, service.name, "--port", kPort, "--version", version},
                                         home_.path + "/" + service.workload() + ".log");
    if (!process) return fail_with(process);
    members_.push_back({service.workload(), std::move(*process)});
  }
  return {};
}

Status Stage::wait_for_services() {
  const TimePoint deadline = Clock::now() + kServicesPatience;
  while (Clock::now() < deadline) {
    if (Status running = check_members(); !running) return running;
    Result<bool> found = find_workloads();
    if (!found) return fail_with(found);
    if (*found && all_answer()) return {};
    if (Status waited = attention_.pause(kBetweenLooks); !waited) return waited;
  }
  return fail(ErrorCode::kTimeout, fmt::format("{} of {} services joined the mesh and answered within {} s",
                                               workloads_.size(), kServices.size(), kServicesPatience.count()));
}

Status Stage::check_members() {
  for (const Member& member : members_) {
    if (!member.process.has_ended()) continue;
    return fail(ErrorCode::kUnavailable,
                "the member " + member.name + " ended" + end_of(home_.path + "/" + member.name + ".log"));
  }
  if (control_process_->has_ended()) {
    return fail(ErrorCode::kUnavailable, "the control plane ended" + end_of(home_.control_log()));
  }
  return {};
}

// True once all of them are in the mesh.
Result<bool> Stage::find_workloads() {
  const Result<std::string> answer = control_plane_->call("GET", "/v1/workloads");
  if (!answer) return std::unexpected(answer.error());
  const Json parsed = Json::parse(*answer, nullptr, false);
  const auto listed = parsed.find("workloads");
  if (!parsed.is_object() || listed == parsed.end() || !listed->is_array()) {
    return fail(ErrorCode::kParse, "the control plane's list of workloads is not understood; are both of one version?");
  }
  workloads_.clear();
  for (const Json& one : *listed) {
    if (!one.is_object() || !one.contains("ready") || one["ready"] != true) continue;
    Result<Workload> workload = parse_workload(one);
    if (!workload) return fail_with(workload);
    workloads_.push_back(std::move(*workload));
  }
  return std::ranges::all_of(kServices, [this](const Service& service) {
    return std::ranges::find(workloads_, service.workload(), &Workload::name) != workloads_.end();
  });
}

// A proxy is ready before its application is.
bool Stage::all_answer() const {
  return std::ranges::all_of(kServices, [this](const Service& service) {
    const Result<int> status = ask_in_plaintext(service.workload());
    return status && *status < 500;
  });
}

Status Stage::apply(std::string_view file) {
  const std::string_view text = text_named(file);
  const Json body = {{"documents", Json::array({{{"file", file}, {"text", text}}})}, {"default_namespace", "default"}};
  const Result<std::string> answer = control_plane_->call("POST", "/v1/apply", body.dump());
  if (!answer) return std::unexpected(answer.error());
  const Json parsed = Json::parse(*answer, nullptr, false);
  if (!parsed.is_object()) return std::unexpected(not_an_object(*answer));
  for (const Json& finding : parsed.value("findings", Json::array())) {
    if (text_of(finding, "severity") == "error") {
      return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", file, text_of(finding, "message")));
    }
  }
  return {};
}

Result<LoadReport> Stage::run_load(const Load& load) {
  if (Status running = check_members(); !running) return fail_with(running);
  const std::string log = home_.path + "/load.log";
  std::vector<std::string> arguments = {"run",
                                        "load",
                                        "--service-account",
                                        "bookinfo-load",
                                        "--",
                                        programs_.bookinfo,
                                        "load",
                                        "--service",
                                        load.service,
                                        "--target",
                                        load.target,
                                        "--requests",
                                        std::to_string(load.requests)};
  for (const std::string& header : load.headers) arguments.insert(arguments.end(), {"--header", header});
  Result<Child> process = start_member(arguments, log);
  if (!process) return fail_with(process);
  Result<bool> ended = attention_.wait({process->fd()}, Clock::now() + kLoadPatience);
  if (!ended) return fail_with(ended);
  if (!*ended) {
    return fail(ErrorCode::kTimeout, fmt::format("{} requests to {} were not done within {} s", load.requests,
                                                 load.service, kLoadPatience.count()));
  }
  const int status = process->reap();
  const Result<std::string> output = runtime::read_file(log);
  if (!output) return std::unexpected(output.error());
  if (status != 0)
    return fail(ErrorCode::kInternal, fmt::format("the load generator ended with {}{}", status, end_of(log)));
  return parse_load_report(*output);
}

Result<int> Stage::ask_in_plaintext(const std::string& workload) const {
  const auto found = std::ranges::find(workloads_, workload, &Workload::name);
  if (found == workloads_.end()) return fail(ErrorCode::kNotFound, "there is no workload " + workload);
  const Result<net::HttpClientResponse> response = fetch(found->inside, {}, kAskPatience);
  if (!response) return std::unexpected(response.error());
  return response->status;
}

HopTable Stage::read_hops() const {
  HopTable hops;
  for (const Workload& workload : workloads_) {
    net::HttpClientRequest request;
    request.target = "/stats/prometheus";
    const Result<net::HttpClientResponse> page = fetch(workload.admin, std::move(request), seconds(1));
    if (page && page->status == 200) add_page(hops, page->body);
  }
  return hops;
}

}  // namespace ripstop::cli::demo
