#include "control/home.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/text.h"
#include "control/identity/private_file.h"
#include "control/version.h"
#include "runtime/file.h"

namespace ripstop::control {
namespace {

constexpr size_t kTokenBytes = 32;

Status make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return fail(ErrorCode::kIo, "the folder " + path.parent_path().string() + " cannot be made: " + error.message());
  }
  if (Status made = make_private_folder(path.string()); !made) return made;
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    return fail_errno("the home " + path.string() + " is not writable", errno);
  }
  return {};
}

}  // namespace

Result<std::string> random_hex(size_t bytes) {
  std::string random(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<uint8_t*>(random.data()), random.size()) != 1) {
    return fail(ErrorCode::kInternal, "the system gave no random bytes");
  }
  return to_hex(random);
}

Result<HomeFolder> HomeFolder::take(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (error || path.empty()) return fail(ErrorCode::kInvalidArgument, "\"" + path + "\" cannot be a home folder");
  std::string home = absolute.string();
  while (home.size() > 1 && home.ends_with('/')) home.pop_back();
  if (Status made = make_folder(home); !made) return fail_with(made);
  const std::string lock_path = home + "/lock";
  runtime::FileDescriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.is_valid()) return fail_errno("cannot open " + lock_path, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return HomeFolder(std::move(home), std::move(lock));
  if (errno != EWOULDBLOCK) return fail_errno("cannot lock " + lock_path, errno);
  return fail(ErrorCode::kAlreadyExists,
              "a control plane already runs on " + home + "; stop it with `ripstop down`, or choose another home");
}

Result<std::string> HomeFolder::token() const {
  const std::string path = path_ + "/api.token";
  auto known = read_key_file(path, Privacy::kAnyMode);
  if (!known && known.error().code != ErrorCode::kNotFound) return known;
  if (known && !trim(*known).empty()) return std::string(split(trim(*known), '\n').front());
  auto token = random_hex(kTokenBytes);
  if (!token) return token;
  if (Status written = write_private_file(path, *token + "\n"); !written) return fail_with(written);
  return token;
}

Status HomeFolder::write_roots(const std::string& pem) const {
  return runtime::write_file(path_ + "/roots.pem", pem, 0644);
}

Status HomeFolder::announce(const Announcement& what) const {
  const nlohmann::ordered_json json = {{"pid", ::getpid()},
                                       {"version", kVersion},
                                       {"xds_address", what.xds.to_string()},
                                       {"api_address", what.api.to_string()},
                                       {"token_file", path_ + "/api.token"},
                                       {"roots_file", path_ + "/roots.pem"},
                                       {"trust_domain", what.trust_domain},
                                       {"mesh_id", what.mesh_id}};
  return runtime::write_file(path_ + "/control.json", json.dump(2) + "\n", 0600);
}

void HomeFolder::withdraw() const {
  ::unlink((path_ + "/control.json").c_str());
}

}  // namespace ripstop::control
