#include "control/ports.h"

#include <utility>

#include "base/text.h"

namespace ripstop::control {
namespace {

std::unexpected<Error> explain(const SocketAddress& address, const PortUse& use, const Error& error, bool is_old) {
  std::string message = "cannot listen on " + address.to_string() + ", " + use.purpose + ": " + error.message + "; ";
  message += is_old ? std::string(
                          "it is the port of last time: stop the program that has it now, or choose another "
                          "with ") +
                          use.option + " and start the members anew"
                    : std::string("choose another with ") + use.option;
  return fail(ErrorCode::kAlreadyExists, std::move(message));
}

}  // namespace

Result<runtime::Acceptor> listen_as_before(Store& store, const std::optional<SocketAddress>& asked,
                                           const PortUse& use) {
  SocketAddress address = asked.value_or(SocketAddress{IpAddress::loopback_v4(), 0});
  const bool is_given = address.port != 0;
  if (!is_given) {
    const auto known = store.setting(use.setting);
    if (!known) return std::unexpected(known.error());
    if (*known) address.port = parse_number<uint16_t>(**known).value_or(0);
  }
  auto acceptor = runtime::Acceptor::listen({address, {}});
  if (!acceptor) return explain(address, use, acceptor.error(), !is_given && address.port != 0);
  if (is_given) return acceptor;
  const auto local = acceptor->local_address();
  if (!local) return std::unexpected(local.error());
  if (Status kept = store.set_setting(use.setting, std::to_string(local->port)); !kept) return fail_with(kept);
  return acceptor;
}

}  // namespace ripstop::control
