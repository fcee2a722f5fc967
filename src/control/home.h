// The folder that holds all of a mesh, as the control plane keeps it:
//
//   control.json  where the running control plane is (0600)    lock      held while one runs
//   api.token     the API's bearer token (0600)                roots.pem the trust bundle (0644)
//   mesh.db       the store (0600)                             ca/       the authority's keys (0700)
#pragma once

#include <string>

#include "base/address.h"
#include "base/result.h"
#include "runtime/file_descriptor.h"

namespace ripstop::control {

class HomeFolder {
 public:
  // Makes the folder (0700) and those above it where they are missing, and takes its lock. kAlreadyExists: another
  // control plane runs there. The path in files is absolute.
  static Result<HomeFolder> take(const std::string& path);

  [[nodiscard]] std::string database() const { return path_ + "/mesh.db"; }
  [[nodiscard]] std::string authority() const { return path_ + "/ca"; }

  // The API's token, made the first time.
  [[nodiscard]] Result<std::string> token() const;
  [[nodiscard]] Status write_roots(const std::string& pem) const;

  // Written as control.json in one step.
  struct Announcement {
    SocketAddress xds;
    SocketAddress api;
    std::string trust_domain;
    std::string mesh_id;
  };
  [[nodiscard]] Status announce(const Announcement& what) const;
  // Nobody is to be found there any more.
  void withdraw() const;

 private:
  HomeFolder(std::string path, runtime::FileDescriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  runtime::FileDescriptor lock_;
};

// From the system's generator of secrets, in hexadecimal.
[[nodiscard]] Result<std::string> random_hex(size_t bytes);

}  // namespace ripstop::control
