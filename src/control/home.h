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
  // Makes the folder (0700) when it is missing and takes its lock. kAlreadyExists: another control plane runs there.
  static Result<HomeFolder> take(const std::string& path);

  [[nodiscard]] std::string database() const { return path_ + "/mesh.db"; }
  [[nodiscard]] std::string authority() const { return path_ + "/ca"; }

  // The API's token, made the first time.
  Result<std::string> token() const;
  Status write_roots(const std::string& pem) const;

  struct Announcement {
    SocketAddress xds;
    SocketAddress api;
    std::string trust_domain;
    std::string mesh_id;
  };
  Status announce(const Announcement& what) const;
  void withdraw() const;

 private:
  HomeFolder(std::string path, runtime::FileDescriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  runtime::FileDescriptor lock_;
};

// 128 random bits in hexadecimal.
[[nodiscard]] std::string random_hex(size_t bytes);

}  // namespace ripstop::control
