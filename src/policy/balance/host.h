// One upstream endpoint as a worker sees it: what the configuration says, and what this worker knows from using it.
//
// Per worker: plain integers, no locks. Whoever uses a host holds a HostRef, so that a host which has left the
// assignment lives until its last request is over.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/time.h"
#include "model/cluster.h"

namespace ripstop::policy {

// What passive health checking remembers of one host; written by OutlierDetector and HostSet only.
struct OutlierState {
  uint32_t consecutive_5xx = 0;
  uint32_t consecutive_gateway = 0;
  uint32_t consecutive_local_origin = 0;
  uint32_t ejections = 0;  // factor of the ejection time; decays while the host behaves
  bool is_ejected = false;
  TimePoint ejected_at{};
};

// What the owner of a host set hangs on a host, such as its connection pool; dies with the host.
class HostAttachment {
 public:
  virtual ~HostAttachment() = default;
};

class Host {
 public:
  Host(std::shared_ptr<const model::Endpoint> source, uint32_t host_priority)
      : endpoint(std::move(source)), priority(host_priority) {}
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Never 0, as Envoy has it.
  [[nodiscard]] uint32_t weight() const { return endpoint->weight == 0 ? 1 : endpoint->weight; }

  std::shared_ptr<const model::Endpoint> endpoint;  // never null; replaced when the assignment changes
  uint32_t priority = 0;
  uint32_t active_requests = 0;  // counted by ActiveRequest
  bool is_member = true;         // false once it left the assignment: finish, but start nothing new
  OutlierState outlier;
  bool fails_checks = false;  // active ones; written by HostSet only
  std::unique_ptr<HostAttachment> attachment;

 private:
  friend class HostRef;
  uint32_t references_ = 0;
};

// Shared ownership without atomics; all refs of a host stay on its worker's thread.
class HostRef {
 public:
  HostRef() = default;
  explicit HostRef(Host* host) : host_(host) {
    if (host_ != nullptr) ++host_->references_;
  }
  HostRef(const HostRef& other) : HostRef(other.host_) {}
  HostRef(HostRef&& other) noexcept : host_(std::exchange(other.host_, nullptr)) {}
  HostRef& operator=(HostRef other) noexcept {
    std::swap(host_, other.host_);
    return *this;
  }
  ~HostRef() {
    if (host_ != nullptr && --host_->references_ == 0) delete host_;
  }

  [[nodiscard]] Host* get() const { return host_; }
  Host* operator->() const { return host_; }
  Host& operator*() const { return *host_; }
  explicit operator bool() const { return host_ != nullptr; }

 private:
  Host* host_ = nullptr;
};

// While it lives, one more request counts against the host, and the host lives.
class ActiveRequest {
 public:
  explicit ActiveRequest(Host& host) : host_(&host) { ++host.active_requests; }
  ActiveRequest(ActiveRequest&&) noexcept = default;
  ActiveRequest& operator=(ActiveRequest&& other) noexcept {
    std::swap(host_, other.host_);
    return *this;
  }
  ~ActiveRequest() {
    if (host_) --host_->active_requests;
  }
  [[nodiscard]] Host& host() const { return *host_; }

 private:
  HostRef host_;
};

}  // namespace ripstop::policy
