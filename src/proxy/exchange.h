// One request and its response: read head, match, run the pipeline, loop over attempts, finish. The same code whatever
// version of HTTP either side speaks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/balance/host.h"
#include "policy/route/route_table.h"
#include "protocol/head.h"
#include "proxy/connection_facts.h"
#include "proxy/message.h"
#include "proxy/telemetry/request_record.h"
#include "proxy/worker/settings.h"
#include "runtime/task.h"

namespace ripstop::proxy {

class Worker;

// The client's side of one request, as its codec provides it.
class Downstream {
 public:
  virtual ~Downstream() = default;
  virtual MessageSource& body() = 0;
  virtual MessageSink& sink() = 0;
  // Begins the final response. The codec adds what its version needs: connection signal, and another framing than the
  // head has where the client could not read that.
  virtual void queue_response(protocol::ResponseHead& head) = 0;
  virtual void queue_interim(const protocol::ResponseHead& head) = 0;
  // All of the request has been read.
  [[nodiscard]] virtual bool is_request_complete() const = 0;
  // Set when the client sends or ends something while it is waiting; then ask probe_is_gone().
  [[nodiscard]] virtual runtime::Event& activity() = 0;
  // True when the client is gone for good; a mere end of its sending is not that.
  [[nodiscard]] virtual bool probe_is_gone() = 0;
  // The connection's own bytes, for what follows a switch of protocols; null where the codec has none to give.
  [[nodiscard]] virtual net::Stream* tunnel_stream() = 0;
  // Bytes that the client sent behind its request, for a tunnel.
  [[nodiscard]] virtual std::string_view early_bytes() const = 0;
};

// What a request needs besides its coroutine; reused, so that its buffers are allocated once.
struct ExchangeState {
  protocol::RequestHead request;
  protocol::ResponseHead response;
  // What the client speaks, wherever between here and there requests change their version.
  protocol::Version client_version = protocol::Version::kHttp11;
  RequestRecord record;
  std::string replay;   // request content kept for a retry
  std::string scratch;  // rewritten path, Location, log details
  std::string path_text;
  std::string failure;  // what the transport said
  std::vector<const policy::Host*> tried;
  // Keep alive what the record refers to.
  ClusterSettingsRef cluster;
  std::shared_ptr<const model::Endpoint> endpoint;  // the host gets another when its assignment changes
  void clear();
};

enum class ExchangeEnd : uint8_t {
  kReusable,  // both messages are complete
  kClose,     // the connection must be closed after what is queued has been sent
  kAbort,     // the response is incomplete: reset, so that the client cannot take it for whole
};

// `state.request` has been read. Reports to the worker's telemetry. `facts` may learn who the peer is.
runtime::Task<ExchangeEnd> run_exchange(Worker& worker, Downstream& down, ConnectionFacts& facts, ExchangeState& state);

// Reports a request that breaks the rules of its protocol, which is not answered but reset.
void report_malformed(Worker& worker, Downstream& down, ConnectionFacts& facts, ExchangeState& state,
                      protocol::Fault fault);

// Answers a request whose head could not be read, or came too slowly; nothing is forwarded.
runtime::Task<ExchangeEnd> refuse_request(Worker& worker, Downstream& down, ConnectionFacts& facts,
                                          ExchangeState& state, protocol::Fault fault);

}  // namespace ripstop::proxy
