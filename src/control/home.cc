#include "control/home.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/text.h"
#include "control/identity/private_file.h"
#include "control/version.h"
#include "runtime/file.h"

namespace ripstop::control {

std::string random_hex(size_t bytes) {
  std::vector<uint8_t> random(bytes);
  RAND_bytes(random.data(), random.size());
  return to_hex({reinterpret_cast<const char*>(random.data()), random.size()});
}

Result<HomeFolder> HomeFolder::take(const std::string& path) {
  if (Status made = make_private_folder(path); !made) return fail_with(made);
  const std::string lock_path = path + "/lock";
  runtime::FileDescriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.is_valid()) return fail_errno("cannot open " + lock_path, errno);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::kAlreadyExists, "a control plane already runs on " + path +
                                               "; stop it with `ripstop down` or choose another RIPSTOP_HOME");
  }
  return HomeFolder(path, std::move(lock));
}

Result<std::string> HomeFolder::token() const {
  const std::string path = path_ + "/api.token";
  auto known = runtime::read_file(path, 4096);
  if (known && !known->empty()) return known;
  if (!known && known.error().code != ErrorCode::kNotFound) return known;
  std::string token = random_hex(32);
  if (Status written = write_private_file(path, token); !written) return fail_with(written);
  return token;
}

Status HomeFolder::write_roots(const std::string& pem) const {
  return runtime::write_file(path_ + "/roots.pem", pem, 0644);
}

Status HomeFolder::announce(const Announcement& what) const {
  const nlohmann::json json = {{"pid", getpid()},
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
  unlink((path_ + "/control.json").c_str());
}

}  // namespace ripstop::control
