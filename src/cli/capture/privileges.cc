#include "cli/capture/privileges.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "base/text.h"
#include "runtime/file.h"
#include "runtime/file_descriptor.h"

#if __has_feature(thread_sanitizer)
#include <sanitizer/common_interface_defs.h>

#include <filesystem>
#include <thread>
#endif

namespace ripstop::cli {
namespace {

constexpr int kLastCapabilityEver = 63;

struct Capabilities {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};

  bool read() { return syscall(SYS_capget, &header, sets.data()) == 0; }
  bool write() { return syscall(SYS_capset, &header, sets.data()) == 0; }
};

// Files under /proc take their whole text in one write and cannot be replaced by renaming.
Status write_setting(const std::string& path, const std::string& text) {
  const runtime::FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.is_valid()) return fail_errno("cannot open " + path, errno);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno("cannot write " + path, errno);
  }
  return {};
}

std::string setting(const std::string& path) {
  const Result<std::string> text = runtime::read_file(path, 4096);
  return text ? std::string(split(*text, '\n').front()) : std::string();
}

std::string refusal_reason() {
  if (setting("/proc/sys/kernel/unprivileged_userns_clone") == "0") {
    return "user namespaces are switched off for ordinary users: `sysctl kernel.unprivileged_userns_clone=1` allows "
           "them, or run as root";
  }
  for (const char* limit : {"user.max_user_namespaces", "user.max_net_namespaces"}) {
    std::string path = "/proc/sys/" + std::string(limit);
    path.replace(path.find('.'), 1, "/");
    if (setting(path) == "0") {
      return "the system allows no such namespace: raise `sysctl " + std::string(limit) + "`, which is 0";
    }
  }
  if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
    return "AppArmor restricts user namespaces: `sysctl kernel.apparmor_restrict_unprivileged_userns=0` allows them, "
           "or run as root";
  }
  return "the system does not allow it; in a container, check its seccomp profile for unshare(CLONE_NEWUSER), or run "
         "as root with CAP_SYS_ADMIN";
}

Status refuse(const std::string& what, int error_number) {
  const std::string detail = fail_errno(what, error_number).error().message;
  return fail(ErrorCode::kPermissionDenied, detail + "; " + refusal_reason());
}

Status map_identity(uid_t user, gid_t group) {
  const std::string user_text = std::to_string(user);
  const std::string group_text = std::to_string(group);
  // Required before an ordinary user may write the group map (user_namespaces(7)).
  if (Status done = write_setting("/proc/self/setgroups", "deny"); !done) return done;
  if (Status done = write_setting("/proc/self/uid_map", user_text + " " + user_text + " 1"); !done) return done;
  return write_setting("/proc/self/gid_map", group_text + " " + group_text + " 1");
}

// Who has a second thread may not enter a user namespace, and ThreadSanitizer has one of its own. It ends it when told
// of a sandbox, if the process has made a thread before.
void end_instrumentations_thread() {
#if __has_feature(thread_sanitizer)
  std::thread([] {}).join();
  __sanitizer_sandbox_arguments nothing{};
  __sanitizer_sandbox_on_notify(&nothing);
  const auto threads = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); };
  while (threads() > 1) std::this_thread::yield();
#endif
}

}  // namespace

Status enter_network_namespace() {
  end_instrumentations_thread();
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (user == 0 && unshare(CLONE_NEWNET) == 0) return {};
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return refuse("cannot make a namespace for the member", errno);
  if (Status mapped = map_identity(user, group); !mapped) {
    return fail(ErrorCode::kPermissionDenied, mapped.error().message + "; " + refusal_reason());
  }
  return {};
}

Status pass_network_administration_on() {
  if (geteuid() == 0) return {};
  Capabilities capabilities;
  if (!capabilities.read()) return fail_errno("cannot read capabilities", errno);
  capabilities.sets[0].inheritable |= 1U << CAP_NET_ADMIN;
  if (!capabilities.write()) return fail_errno("cannot set capabilities", errno);
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) != 0) {
    return fail_errno("cannot pass a capability on", errno);
  }
  return {};
}

Status drop_all_privileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("cannot set no_new_privs", errno);
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return fail_errno("cannot clear ambient capabilities", errno);
  }
  for (int capability = 0; capability <= kLastCapabilityEver; ++capability) {
    if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 1) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return fail_errno("cannot drop a capability", errno);
  }
  Capabilities none;
  if (!none.write()) return fail_errno("cannot drop capabilities", errno);
  return {};
}

}  // namespace ripstop::cli
