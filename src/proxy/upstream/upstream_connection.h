// An HTTP/1 connection to a host, and the leave to have a connection at all.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "net/stream.h"
#include "policy/attempt/breaker.h"
#include "proxy/http1/http1_reader.h"
#include "proxy/http1/http1_writer.h"
#include "proxy/upstream/upstream_request.h"

namespace ripstop::proxy {

class UpstreamCluster;

// Leave to have one connection to a host, from before it is opened until it is closed. May outlive its cluster.
class ConnectionSlot {
 public:
  ConnectionSlot() = default;
  ConnectionSlot(UpstreamCluster& cluster, policy::Breaker::Permit permit, std::shared_ptr<uint32_t> taken);
  ConnectionSlot(ConnectionSlot&& other) noexcept = default;
  ConnectionSlot& operator=(ConnectionSlot&& other) noexcept {
    std::swap(cluster_, other.cluster_);
    std::swap(breaker_, other.breaker_);
    std::swap(permit_, other.permit_);
    std::swap(taken_, other.taken_);
    return *this;
  }
  ~ConnectionSlot();
  explicit operator bool() const { return taken_ != nullptr; }
  // Somebody who waits for a connection may have this one.
  void offer() const;

 private:
  std::weak_ptr<UpstreamCluster> cluster_;
  std::shared_ptr<policy::Breaker> breaker_;  // the permit's own, which the cluster's next settings do not have
  policy::Breaker::Permit permit_;
  std::shared_ptr<uint32_t> taken_;  // slots of this worker for the host
};

// In use by one request, or idle in the host's pool.
struct UpstreamConnection final : UpstreamRequest {
  UpstreamConnection(net::StreamPtr to, ConnectionSlot place);
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  void queue_head(const protocol::RequestHead& head) override;
  MessageSink& sink() override { return writer; }
  HeadStep try_head(protocol::ResponseHead& head, const protocol::ResponseContext& context) override;
  runtime::Event& readable() override { return reader.readable(); }
  MessageSource& body() override { return reader; }
  net::Stream& tunnel() override { return *stream; }
  [[nodiscard]] std::string_view early_bytes() const override { return reader.rest(); }
  [[nodiscard]] const net::Stream* transport() const override { return stream.get(); }
  [[nodiscard]] protocol::Version version() const override { return protocol::Version::kHttp11; }
  [[nodiscard]] bool is_introduction() const override { return requests == 0; }
  [[nodiscard]] std::string failure() const override { return stream->failure(); }
  [[nodiscard]] UpstreamConnection* own_connection() override { return this; }

  ConnectionSlot slot;
  net::StreamPtr stream;
  Http1Reader reader;
  Http1Writer writer;
  uint32_t requests = 0;  // begun on it
  bool had_interim = false;
  TimePoint idle_since{};
};
using UpstreamConnectionPtr = std::unique_ptr<UpstreamConnection>;

}  // namespace ripstop::proxy
