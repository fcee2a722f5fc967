// The client's side of HTTP/1: requests one after the other on one connection.
#include <utility>

#include "net/linger.h"
#include "proxy/exchange.h"
#include "proxy/http1/http1_reader.h"
#include "proxy/http1/http1_writer.h"
#include "proxy/listener/connection.h"

namespace ripstop::proxy {
namespace {

constexpr Duration kDefaultHeadTimeout = std::chrono::seconds(60);

class Http1Connection final : public Downstream {
 public:
  Http1Connection(Worker& worker, Worker::Seat& seat, net::Stream& stream, ConnectionFacts& facts,
                  runtime::ByteBuffer received)
      : worker_(worker),
        seat_(seat),
        stream_(stream),
        facts_(facts),
        http_(*facts.chain->http),
        reader_(stream, http_.rules, std::move(received)),
        writer_(stream) {}

  // Cut off in the middle of an exchange: the client must not take the response for whole.
  ~Http1Connection() override {
    if (is_busy_) stream_.reset_on_close();
  }
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;

  // kDone: bytes of a request are there. Holds no buffer when there are none.
  runtime::Transfer::State try_begin();
  // The request whose first bytes are there, to the end of its answer; true when another may follow.
  runtime::Task<bool> serve_one();

  MessageSource& body() override { return reader_; }
  MessageSink& sink() override { return writer_; }
  void queue_response(protocol::ResponseHead& head) override;
  void queue_interim(const protocol::ResponseHead& head) override {
    writer_.queue_head(head, protocol::ConnectionSignal::kNone);
  }
  [[nodiscard]] bool is_request_complete() const override { return reader_.is_complete(); }
  runtime::Event& activity() override { return stream_.readable(); }
  bool probe_is_gone() override { return reader_.probe_is_gone(); }
  net::Stream* tunnel_stream() override { return &stream_; }
  [[nodiscard]] std::string_view early_bytes() const override { return reader_.rest(); }

 private:
  runtime::Task<HeadStep> wait_for_head(protocol::RequestHead& head);
  [[nodiscard]] bool has_client_ended() const;

  Worker& worker_;
  Worker::Seat& seat_;
  net::Stream& stream_;
  ConnectionFacts& facts_;
  const HttpSettings& http_;
  Http1Reader reader_;
  Http1Writer writer_;
  const protocol::RequestHead* request_ = nullptr;
  bool closes_ = false;  // the response said so
  bool is_busy_ = false;
};

// A response whose end the client could not see otherwise is ended by closing.
void Http1Connection::queue_response(protocol::ResponseHead& head) {
  using FramingKind = protocol::BodyFraming::Kind;
  const bool is_old = request_->version == protocol::Version::kHttp10;
  if (head.framing.kind == FramingKind::kUntilClose && !is_old) {
    protocol::reframe(head, protocol::BodyFraming::chunked());
  } else if (head.framing.kind == FramingKind::kChunked && is_old) {
    protocol::reframe(head, protocol::BodyFraming::until_close());
  }
  // What a client sent in hope of another protocol must not be read as its next request.
  const bool asked_to_switch = !request_->upgrade.empty() || request_->method_kind == protocol::Method::kConnect;
  closes_ = !request_->keep_alive || asked_to_switch || seat_.is_ending() ||
            head.framing.kind == FramingKind::kUntilClose || !reader_.is_complete() || head.tunnel;
  auto signal = closes_ ? protocol::ConnectionSignal::kClose : protocol::ConnectionSignal::kNone;
  if (is_old && !closes_) signal = protocol::ConnectionSignal::kKeepAlive;
  if (head.tunnel) signal = protocol::ConnectionSignal::kNone;
  writer_.queue_head(head, signal);
  if (closes_ && !head.tunnel) writer_.expect_end();
}

runtime::Transfer::State Http1Connection::try_begin() {
  if (!reader_.is_empty()) return runtime::Transfer::State::kDone;
  return seat_.drain().is_set() ? runtime::Transfer::State::kEnd : reader_.try_receive();
}

// A time-out shows as a fault-free "fault": the caller answers 408.
runtime::Task<HeadStep> Http1Connection::wait_for_head(protocol::RequestHead& head) {
  const auto timeout = http_.model->request_headers_timeout.value_or(kDefaultHeadTimeout);
  const TimePoint deadline = deadline_after(worker_.reactor().now(), timeout);
  while (co_await stream_.readable().wait(deadline)) {
    const HeadStep step = reader_.try_head(head);
    if (step.state != HeadStep::State::kWouldBlock) co_return step;
  }
  co_return HeadStep{HeadStep::State::kFault};
}

runtime::Task<bool> Http1Connection::serve_one() {
  const ExchangePool::Ref state = worker_.exchanges().take();
  HeadStep step = reader_.try_head(state->request);
  if (step.state == HeadStep::State::kWouldBlock) step = co_await wait_for_head(state->request);
  request_ = &state->request;
  if (step.state == HeadStep::State::kEnd || step.state == HeadStep::State::kCut) co_return false;
  if (step.state == HeadStep::State::kFault) {
    state->request.keep_alive = false;
    co_await refuse_request(worker_, *this, facts_, *state, step.fault);
    co_await net::linger(stream_);
    co_return false;
  }
  is_busy_ = true;
  const ExchangeEnd end = co_await run_exchange(worker_, *this, facts_, *state);
  is_busy_ = false;
  if (end == ExchangeEnd::kAbort) {
    stream_.reset_on_close();
    co_return false;
  }
  if (end == ExchangeEnd::kClose || closes_) {
    if (has_client_ended()) {
      stream_.end();
    } else {
      co_await net::linger(stream_);
    }
    co_return false;
  }
  reader_.end_message();
  co_return true;
}

// It has said that it sends nothing more, and as far as is known it has not.
bool Http1Connection::has_client_ended() const {
  return !request_->keep_alive && reader_.is_complete() && reader_.rest().empty() && !stream_.readable().is_set();
}

}  // namespace

runtime::Task<ServeEnd> serve_http1(Worker& worker, Worker::Seat& seat, net::Stream& stream, ConnectionFacts& facts,
                                    runtime::ByteBuffer received) {
  Http1Connection connection(worker, seat, stream, facts, std::move(received));
  for (;;) {
    const runtime::Transfer::State begun = connection.try_begin();
    if (begun == runtime::Transfer::State::kWouldBlock) co_return ServeEnd::kIdle;
    if (begun != runtime::Transfer::State::kDone || !co_await connection.serve_one()) co_return ServeEnd::kOver;
  }
}

}  // namespace ripstop::proxy
