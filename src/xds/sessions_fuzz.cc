// Requests and responses from a hostile peer: the input is split into messages of 64 bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "xds/client_session.h"
#include "xds/server_session.h"

namespace {

void feed_server(ripstop::xds::ServerSession::Variant variant, std::string_view bytes) {
  ripstop::xds::ServerSession session(variant);
  ripstop::xds::ServedType one;
  one.resources["a"] = {"1", std::make_shared<const std::string>("body"), "a"};
  session.update(
      {{std::string(ripstop::xds::type::kCluster), std::make_shared<const ripstop::xds::ServedType>(std::move(one))}});
  for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(bytes.size(), 64))) {
    if (!session.receive(bytes.substr(0, 64))) return;
    (void)session.take_responses();
  }
}

void feed_client(std::string_view bytes) {
  ripstop::xds::ClientSession session{std::string()};
  session.subscribe_all(ripstop::xds::type::kCluster);
  session.connected();
  for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(bytes.size(), 64))) {
    const auto update = session.receive(bytes.substr(0, 64));
    if (!update) return;
    if (*update) session.accept(**update);
    (void)session.take_requests();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  feed_server(ripstop::xds::ServerSession::Variant::kDelta, bytes);
  feed_server(ripstop::xds::ServerSession::Variant::kStateOfTheWorld, bytes);
  feed_client(bytes);
  return 0;
}
