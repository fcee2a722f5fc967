#include "proxy/program/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace ripstop::proxy {
namespace {

constexpr size_t kOwn = 64;
constexpr size_t kFallback = 1024;

}  // namespace

size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kFallback;
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return limit.rlim_cur;
}

size_t most_connections(size_t descriptors) {
  return std::max(kOwn, descriptors - std::min(descriptors, kOwn)) / 2;
}

}  // namespace ripstop::proxy
