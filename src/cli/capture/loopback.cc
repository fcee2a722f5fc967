#include "cli/capture/loopback.h"

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "base/address.h"
#include "base/text.h"
#include "runtime/file.h"
#include "runtime/file_descriptor.h"

namespace ripstop::cli {
namespace {

// RFC 7600's dummy address: assigned to nobody, so nobody can mean it.
constexpr std::string_view kAddressV4 = "192.0.0.8";
// A unique local address (RFC 4193). RFC 6724 prefers IPv4 over a source like this, which is what a host wants that
// may have no IPv6 at all.
constexpr std::string_view kAddressV6 = "fd52:6970:7374:6f70::1";
constexpr const char* kFirstPortSetting = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

class RouteSocket {
 public:
  static Result<RouteSocket> open() {
    RouteSocket opened;
    opened.socket_.reset(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    if (!opened.socket_) return fail_errno("cannot open a netlink socket", errno);
    if (mnl_socket_bind(opened.socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) return fail_errno("netlink bind", errno);
    return opened;
  }

  // Sends one request and waits for its acknowledgement.
  Status request(nlmsghdr* message) {
    message->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    message->nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) < 0) return fail_errno("netlink", errno);
    std::array<char, 8192> answer{};
    const ssize_t got = mnl_socket_recvfrom(socket_.get(), answer.data(), answer.size());
    if (got < 0) return fail_errno("netlink", errno);
    const unsigned port = mnl_socket_get_portid(socket_.get());
    if (mnl_cb_run(answer.data(), static_cast<size_t>(got), sequence_, port, nullptr, nullptr) < 0) {
      return fail_errno("netlink", errno);
    }
    return {};
  }

 private:
  struct Closer {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  std::unique_ptr<mnl_socket, Closer> socket_;
  unsigned sequence_ = 0;
};

using Buffer = std::array<char, 512>;

Status bring_up(RouteSocket& routes, unsigned device) {
  alignas(nlmsghdr) Buffer buffer{};
  nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
  message->nlmsg_type = RTM_NEWLINK;
  auto* link = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
  link->ifi_family = AF_UNSPEC;
  link->ifi_index = static_cast<int>(device);
  link->ifi_flags = IFF_UP;
  link->ifi_change = IFF_UP;
  return routes.request(message);
}

Status add_address(RouteSocket& routes, unsigned device, const IpAddress& address) {
  alignas(nlmsghdr) Buffer buffer{};
  nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
  message->nlmsg_type = RTM_NEWADDR;
  message->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
  auto* own = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifaddrmsg)));
  own->ifa_family = address.is_v4() ? AF_INET : AF_INET6;
  own->ifa_prefixlen = address.is_v4() ? 32 : 128;
  own->ifa_scope = RT_SCOPE_UNIVERSE;
  own->ifa_index = device;
  const std::string_view bytes = address.bytes();
  mnl_attr_put(message, IFA_LOCAL, bytes.size(), bytes.data());
  mnl_attr_put(message, IFA_ADDRESS, bytes.size(), bytes.data());
  return routes.request(message);
}

// What `ip route add local default dev lo` does.
Status route_everything(RouteSocket& routes, unsigned device, uint8_t family) {
  alignas(nlmsghdr) Buffer buffer{};
  nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
  message->nlmsg_type = RTM_NEWROUTE;
  message->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
  auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
  route->rtm_family = family;
  route->rtm_table = RT_TABLE_LOCAL;
  route->rtm_protocol = RTPROT_BOOT;
  route->rtm_scope = RT_SCOPE_HOST;
  route->rtm_type = RTN_LOCAL;
  mnl_attr_put_u32(message, RTA_OIF, device);
  return routes.request(message);
}

bool kernel_has_ipv6() {
  const runtime::FileDescriptor probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return probe.is_valid();
}

// Containers often mount /proc/sys read-only; then only the high ports can be bound, and the caller decides whether
// that matters.
uint16_t free_low_ports() {
  const runtime::FileDescriptor fd(::open(kFirstPortSetting, O_WRONLY | O_CLOEXEC));
  if (fd.is_valid() && ::write(fd.get(), "0", 1) == 1) return 0;
  const Result<std::string> text = runtime::read_file(kFirstPortSetting, 64);
  if (!text) return 1024;
  return parse_number<uint16_t>(split(*text, '\n').front()).value_or(1024);
}

Status explain(Status done, std::string_view what) {
  if (done) return done;
  return fail(done.error().code, std::string(what) + ": " + done.error().message);
}

Status set_up_family(RouteSocket& routes, unsigned device, std::string_view address) {
  const Result<IpAddress> own = IpAddress::parse(address);
  if (!own) return std::unexpected(own.error());
  if (Status done = explain(add_address(routes, device, *own), "cannot give lo the address " + std::string(address));
      !done) {
    return done;
  }
  return explain(route_everything(routes, device, own->is_v4() ? AF_INET : AF_INET6), "cannot route everything to lo");
}

}  // namespace

Result<LoopbackState> set_up_loopback() {
  const unsigned device = if_nametoindex("lo");
  if (device == 0) return fail_errno("the namespace has no loopback device", errno);
  Result<RouteSocket> routes = RouteSocket::open();
  if (!routes) return fail_with(routes);
  if (Status done = explain(bring_up(*routes, device), "cannot bring lo up"); !done) return fail_with(done);
  if (Status done = set_up_family(*routes, device, kAddressV4); !done) return fail_with(done);
  LoopbackState state;
  state.has_ipv6 = kernel_has_ipv6() && set_up_family(*routes, device, kAddressV6).has_value();
  state.first_free_port = free_low_ports();
  return state;
}

}  // namespace ripstop::cli
