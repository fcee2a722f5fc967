#include "net/http/http_client.h"

#include <algorithm>

#include "base/text.h"
#include "net/read_append.h"
#include "protocol/http1/body.h"
#include "protocol/http1/head_writer.h"
#include "protocol/http1/response_parser.h"

namespace ripstop::net {
namespace {

std::unexpected<Error> faulty(protocol::Fault fault) {
  return fail(ErrorCode::kParse, "the server's response is malformed: " + std::string(protocol::sentence(fault)),
              ErrorOrigin::kUpstream);
}

Result<std::string> encode(const HttpClientRequest& request) {
  protocol::RequestHead head;
  head.set_method(request.method);
  head.method_kind = protocol::identify_method(request.method);
  head.set_authority(request.authority);
  const size_t query = std::min(request.target.find('?'), request.target.size());
  head.set_path(std::string_view(request.target).substr(0, query));
  head.set_query(std::string_view(request.target).substr(query));
  const bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (has_body) head.framing = protocol::BodyFraming::of_length(request.body.size());
  for (const auto& [name, value] : request.fields) {
    if (head.fields.append(name, value)) continue;
    return fail(ErrorCode::kInvalidArgument, "the field " + name + " is not allowed in HTTP");
  }
  std::string out;
  protocol::append_encoded(head, protocol::ConnectionSignal::kClose, out);
  return out + request.body;
}

class Reader final : public HttpResponseReader {
 public:
  Reader(StreamPtr stream, std::string_view method) : stream_(std::move(stream)), decoder_(limits_) {
    context_.request_method = protocol::identify_method(method);
  }

  runtime::Task<Status> begin(std::string request, TimePoint deadline);
  const HttpClientResponse& response() const override { return response_; }
  HttpClientResponse& response() { return response_; }
  runtime::Task<Result<std::string>> read(TimePoint deadline) override;

 private:
  void keep(const protocol::ResponseHead& head);

  StreamPtr stream_;
  protocol::Limits limits_;
  protocol::ResponseContext context_;
  protocol::BodyDecoder decoder_;
  std::string input_;
  HttpClientResponse response_;
};

void Reader::keep(const protocol::ResponseHead& head) {
  response_.status = head.status;
  for (const protocol::Field field : head.fields) response_.fields.emplace_back(field.name, field.value);
  decoder_.reset(head.framing);
}

runtime::Task<Status> Reader::begin(std::string request, TimePoint deadline) {
  // A server may answer and close before it has taken all, so what was sent is judged by what comes back.
  const Status sent = co_await write_all(*stream_, request, deadline);
  protocol::ResponseParser parser(limits_);
  protocol::ResponseHead head;
  while (true) {
    const protocol::HeadResult result = parser.parse(input_, context_, head);
    if (result.state == protocol::HeadResult::State::kFault) co_return faulty(result.fault);
    if (result.state == protocol::HeadResult::State::kDone) {
      const bool is_interim = head.interim;
      if (!is_interim) keep(head);
      input_.erase(0, result.consumed);
      if (!is_interim) co_return Status{};
      parser.reset();
      continue;
    }
    const auto count = co_await read_append(*stream_, input_, deadline);
    if (!count) co_return std::unexpected(sent ? count.error() : sent.error());
    if (*count == 0) co_return fail(ErrorCode::kReset, "the server closed the connection without a response");
  }
}

runtime::Task<Result<std::string>> Reader::read(TimePoint deadline) {
  while (true) {
    if (decoder_.is_done()) co_return std::string();
    const protocol::BodyStep step = decoder_.next(input_);
    std::string piece(step.data);
    input_.erase(0, step.consumed);
    if (step.state == protocol::BodyStep::State::kFault) co_return faulty(step.fault);
    if (!piece.empty() || step.state == protocol::BodyStep::State::kDone) co_return piece;
    if (step.state != protocol::BodyStep::State::kMore) continue;
    const auto count = co_await read_append(*stream_, input_, deadline);
    if (!count) co_return std::unexpected(count.error());
    if (*count == 0) {
      if (decoder_.end_of_stream()) co_return std::string();
      co_return fail(ErrorCode::kReset, "the server cut its response short");
    }
  }
}

runtime::Task<Result<std::unique_ptr<Reader>>> open(StreamPtr stream, HttpClientRequest request, TimePoint deadline) {
  auto encoded = encode(request);
  if (!encoded) co_return fail_with(encoded);
  auto reader = std::make_unique<Reader>(std::move(stream), request.method);
  if (Status begun = co_await reader->begin(std::move(*encoded), deadline); !begun) co_return fail_with(begun);
  co_return reader;
}

}  // namespace

std::optional<std::string_view> HttpClientResponse::field(std::string_view name) const {
  for (const auto& [known, value] : fields) {
    if (equals_ignore_case(known, name)) return value;
  }
  return std::nullopt;
}

runtime::Task<Result<std::unique_ptr<HttpResponseReader>>> http_open(StreamPtr stream, HttpClientRequest request,
                                                                     TimePoint deadline) {
  auto reader = co_await open(std::move(stream), std::move(request), deadline);
  if (!reader) co_return fail_with(reader);
  co_return std::move(*reader);
}

runtime::Task<Result<HttpClientResponse>> http_fetch(StreamPtr stream, HttpClientRequest request, TimePoint deadline,
                                                     size_t max_body) {
  auto reader = co_await open(std::move(stream), std::move(request), deadline);
  if (!reader) co_return fail_with(reader);
  std::string body;
  while (true) {
    auto piece = co_await (*reader)->read(deadline);
    if (!piece) co_return fail_with(piece);
    if (piece->empty()) break;
    body += *piece;
    if (body.size() > max_body) {
      co_return fail(ErrorCode::kTooLarge, "the response has more than " + std::to_string(max_body) + " bytes",
                     ErrorOrigin::kUpstream);
    }
  }
  HttpClientResponse response = std::move((*reader)->response());
  response.body = std::move(body);
  co_return response;
}

}  // namespace ripstop::net
