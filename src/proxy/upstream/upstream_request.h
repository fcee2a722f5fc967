// The upstream's side of one request, as the codec of its connection provides it; the counterpart of Downstream.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/http2/http2_connection.h"
#include "net/stream.h"
#include "proxy/message.h"

namespace ripstop::proxy {

struct UpstreamConnection;

class UpstreamRequest {
 public:
  virtual ~UpstreamRequest() = default;

  // Begins the request; content follows through sink() as the head's framing says, none after a switch of protocols.
  virtual void queue_head(const protocol::RequestHead& head) = 0;
  virtual MessageSink& sink() = 0;
  // One attempt at the next head: interim ones as they come, then the final one. kCut and kReset say in `retry` whether
  // the upstream can have begun on the request. After kWouldBlock wait for readable().
  virtual HeadStep try_head(protocol::ResponseHead& head, const protocol::ResponseContext& context) = 0;
  virtual runtime::Event& readable() = 0;
  // The response's content, after its final head.
  virtual MessageSource& body() = 0;
  // After a switch of protocols: the bytes both ways, and those of the upstream that have been read already.
  virtual net::Stream& tunnel() = 0;
  [[nodiscard]] virtual std::string_view early_bytes() const = 0;

  // The connection below; null once it is gone.
  [[nodiscard]] virtual const net::Stream* transport() const = 0;
  [[nodiscard]] virtual protocol::Version version() const = 0;
  // The peer has not yet been told, by an earlier request of the connection, who sends them.
  [[nodiscard]] virtual bool is_introduction() const = 0;
  // What broke it, for a person.
  [[nodiscard]] virtual std::string failure() const = 0;
  // The connection that this request shares with others; null where it has one to itself.
  [[nodiscard]] virtual net::Http2Connection* shared_connection() { return nullptr; }
  // The connection that this request has to itself; null where requests share one.
  [[nodiscard]] virtual UpstreamConnection* own_connection() { return nullptr; }
};
using UpstreamRequestPtr = std::unique_ptr<UpstreamRequest>;

}  // namespace ripstop::proxy
