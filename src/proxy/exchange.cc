#include "proxy/exchange.h"

#include "base/text.h"
#include "policy/route/rewrite.h"
#include "proxy/forward.h"
#include "proxy/grpc_web/grpc_web_downstream.h"
#include "proxy/pipeline.h"
#include "proxy/request_headers.h"
#include "proxy/rescue.h"
#include "proxy/worker/worker.h"
#include "runtime/wait.h"

namespace ripstop::proxy {
namespace {

using protocol::FieldId;

policy::HeaderLookup lookup_in(const protocol::Fields& fields) {
  return {&fields, fields.slots().size(),
          [](const void* context, size_t count, std::string_view name, size_t& cursor, std::string_view& value) {
            const auto& all = *static_cast<const protocol::Fields*>(context);
            const FieldId id = protocol::identify(name);
            if (id != FieldId::kOther && !all.has(id)) return false;
            while (cursor < count) {
              const protocol::Fields::Slot& slot = all.slots()[cursor++];
              if ((slot.flags & protocol::Fields::kDropped) != 0 || slot.id != id) continue;
              const protocol::Field field = all.at(slot);
              if (id == FieldId::kOther && !equals_ignore_case(field.name, name)) continue;
              value = field.value;
              return true;
            }
            return false;
          }};
}

policy::RequestView view_of(const protocol::RequestHead& request, const ConnectionFacts& facts) {
  policy::RequestView view;
  view.method = request.method;
  view.scheme = facts.tls != nullptr ? "https" : "http";
  view.authority = request.authority;
  view.path = request.path;
  view.query = request.query.empty() ? request.query : request.query.substr(1);
  view.headers = lookup_in(request.fields);
  return view;
}

// One request on its way through; the public functions are shells around it.
class Run {
 public:
  Run(Worker& worker, Downstream& down, ConnectionFacts& facts, ExchangeState& state)
      : worker_(worker), down_(&down), facts_(facts), state_(state), http_(*facts.chain->http) {}

  void begin() {
    has_ended_ = false;
    RequestRecord& record = state_.record;
    record.direction = facts_.direction();
    record.downstream_local = facts_.local;
    record.downstream_remote = facts_.remote;
    record.downstream_tls = facts_.tls;
    record.start = worker_.reactor().now();
    worker_.counters().requests.add(1);
    worker_.counters().requests_total.add();
  }

  // An exchange that is given up in the middle, its connection being over, is reported as well.
  ~Run() {
    if (has_ended_) return;
    state_.record.add_flag(ResponseFlag::kDownstreamTermination);
    state_.record.details = "downstream_remote_disconnect";
    end();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  runtime::Task<ExchangeEnd> route_and_answer();
  runtime::Task<ExchangeEnd> answer(Rescue what);

  void end() {
    has_ended_ = true;
    RequestRecord& record = state_.record;
    worker_.reactor().refresh_now();
    record.duration = worker_.reactor().now() - record.start;
    record.peer = facts_.peer.get();
    if (!http_.model->access_logs.empty()) record.start_wall = WallClock::now() - record.duration;
    worker_.counters().requests.add(-1);
    worker_.telemetry().on_end(record, http_.model->access_logs);
  }

 private:
  runtime::Task<ExchangeEnd> act(const policy::CompiledRoute& route);
  runtime::Task<ExchangeEnd> flush();
  void queue_direct(const policy::CompiledRoute& route, const model::DirectResponse& direct);
  Status queue_redirect(const policy::CompiledRoute& route, const model::Redirect& redirect);
  void queue_made_here(const policy::CompiledRoute& route, uint16_t status, std::string_view body);

  Worker& worker_;
  Downstream* down_;
  std::unique_ptr<GrpcWebDownstream> web_;  // what down_ is for a gRPC-Web client
  ConnectionFacts& facts_;
  ExchangeState& state_;
  const HttpSettings& http_;
  std::shared_ptr<const policy::CompiledRouteTable> routes_;
  bool has_ended_ = true;
};

runtime::Task<ExchangeEnd> Run::route_and_answer() {
  state_.record.request = &state_.request;
  if (http_.model->grpc_web) {
    web_ = GrpcWebDownstream::wrap(*down_, state_.request);
    if (web_) down_ = web_.get();
  }
  const auto content_type = state_.request.fields.find(FieldId::kContentType);
  state_.record.is_grpc = content_type && policy::is_grpc_content_type(*content_type);
  enter_request(facts_, *http_.model, state_, worker_.random());
  // Whatever the browser speaks, gRPC needs HTTP/2.
  if (web_) state_.client_version = protocol::Version::kHttp2;

  routes_ = http_.inline_routes ? http_.inline_routes : worker_.find_routes(http_.model->route_table_name);
  if (!routes_) co_return co_await answer(rescue(Trouble::kRouteNotFound));
  const auto found = routes_->find(view_of(state_.request, facts_));
  if (found.route == nullptr) co_return co_await answer(rescue(Trouble::kRouteNotFound));
  state_.record.route_name = found.route->route->name;
  state_.record.route_label = found.route->label;

  const StageInput input{state_, facts_, http_, *found.route, worker_.random()};
  for (const Stage stage : pipeline()) {
    const StageVerdict verdict = stage(input);
    if (verdict.delay > Duration::zero()) co_await runtime::sleep_for(verdict.delay);
    if (verdict.reply) co_return co_await answer(*verdict.reply);
  }
  co_return co_await act(*found.route);
}

runtime::Task<ExchangeEnd> Run::act(const policy::CompiledRoute& route) {
  const model::RouteAction& action = route.route->action;
  if (std::holds_alternative<model::Forward>(action)) {
    Forwarder forwarder({worker_, *down_, facts_, state_, http_, route});
    co_return co_await forwarder.run();
  }
  if (const auto* redirect = std::get_if<model::Redirect>(&action)) {
    if (Status queued = queue_redirect(route, *redirect); !queued) {
      co_return co_await answer(rescue(Trouble::kRewriteFailed));
    }
    co_return co_await flush();
  }
  if (const auto* direct = std::get_if<model::DirectResponse>(&action)) {
    queue_direct(route, *direct);
    co_return co_await flush();
  }
  co_return co_await answer(rescue(Trouble::kRouteNotFound));
}

void Run::queue_made_here(const policy::CompiledRoute& route, uint16_t status, std::string_view body) {
  protocol::ResponseHead& head = state_.response;
  for (const policy::HeaderEdit& edit : route.response_edits) {
    if (edit.kind == policy::HeaderEdit::Kind::kRemove) {
      head.fields.drop(edit.name);
    } else if (edit.kind == policy::HeaderEdit::Kind::kSet) {
      static_cast<void>(head.fields.set(edit.name, edit.value));
    } else {
      static_cast<void>(head.fields.append(edit.name, edit.value));
    }
  }
  if (!http_.model->server_name.empty()) static_cast<void>(head.fields.set(FieldId::kServer, http_.model->server_name));
  head.status = status;
  head.framing = protocol::BodyFraming::of_length(body.size());
  state_.record.status = status;
  state_.record.details = "direct_response";
  down_->queue_response(head);
  if (state_.request.method_kind == protocol::Method::kHead) return;
  down_->sink().queue_body(body);
  state_.record.response_bytes = body.size();
}

void Run::queue_direct(const policy::CompiledRoute& route, const model::DirectResponse& direct) {
  state_.response.clear();
  if (!direct.body.empty()) static_cast<void>(state_.response.fields.append(FieldId::kContentType, "text/plain"));
  queue_made_here(route, direct.status, direct.body);
}

Status Run::queue_redirect(const policy::CompiledRoute& route, const model::Redirect& redirect) {
  if (Status made = policy::redirect_location(route, view_of(state_.request, facts_), state_.scratch); !made) {
    return made;
  }
  state_.response.clear();
  static_cast<void>(state_.response.fields.append(FieldId::kLocation, state_.scratch));
  queue_made_here(route, redirect.status, {});
  return {};
}

runtime::Task<ExchangeEnd> Run::answer(Rescue what) {
  queue_local_reply(*down_, state_, what, http_.model->server_name);
  co_return co_await flush();
}

runtime::Task<ExchangeEnd> Run::flush() {
  down_->sink().queue_end(protocol::Fields{});
  const auto idle = http_.model->stream_idle_timeout.value_or(Duration::zero());
  runtime::Transfer::State sent;
  while ((sent = down_->sink().try_flush()) == runtime::Transfer::State::kWouldBlock) {
    const TimePoint deadline = deadline_after(worker_.reactor().now(), idle);
    if (!co_await down_->sink().writable().wait(deadline)) co_return ExchangeEnd::kAbort;
  }
  if (sent == runtime::Transfer::State::kFailed) co_return ExchangeEnd::kAbort;
  co_return down_->is_request_complete() ? ExchangeEnd::kReusable : ExchangeEnd::kClose;
}

}  // namespace

void ExchangeState::clear() {
  request.clear();
  response.clear();
  record = RequestRecord();
  replay.clear();
  scratch.clear();
  path_text.clear();
  failure.clear();
  tried.clear();
  cluster.reset();
  endpoint.reset();
}

runtime::Task<ExchangeEnd> run_exchange(Worker& worker, Downstream& down, ConnectionFacts& facts,
                                        ExchangeState& state) {
  Run run(worker, down, facts, state);
  run.begin();
  const ExchangeEnd end = co_await run.route_and_answer();
  run.end();
  co_return end;
}

void report_malformed(Worker& worker, Downstream& down, ConnectionFacts& facts, ExchangeState& state,
                      protocol::Fault fault) {
  Run run(worker, down, facts, state);
  run.begin();
  state.record.add_flag(ResponseFlag::kDownstreamProtocolError);
  state.record.details = protocol::token(fault);
  run.end();
}

runtime::Task<ExchangeEnd> refuse_request(Worker& worker, Downstream& down, ConnectionFacts& facts,
                                          ExchangeState& state, protocol::Fault fault) {
  Run run(worker, down, facts, state);
  run.begin();
  const bool is_late = fault == protocol::Fault::kNone;
  const Rescue what = client_fault(is_late ? Trouble::kRequestHeadTimeout : Trouble::kRequestProtocol, fault);
  const ExchangeEnd end = co_await run.answer(what);
  run.end();
  co_return end == ExchangeEnd::kReusable ? ExchangeEnd::kClose : end;
}

}  // namespace ripstop::proxy
