#include "bookinfo/load.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "bookinfo/end_signals.h"
#include "bookinfo/upstream.h"
#include "net/accept.h"
#include "protocol/http1/body.h"
#include "protocol/http1/head_writer.h"
#include "protocol/http1/response_parser.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"

namespace ripstop::bookinfo {
namespace {

using Json = nlohmann::json;

constexpr Duration kAnswerTimeout = std::chrono::seconds(15);

struct Answer {
  int status = 0;
  std::string body;
  bool keeps = false;
};

// One answer off a connection that is kept.
runtime::Task<Result<Answer>> read_answer(net::Stream& stream, TimePoint deadline) {
  static const protocol::Limits limits;
  protocol::ResponseParser parser(limits);
  protocol::ResponseHead head;
  std::string buffer;
  buffer.reserve(8192);
  char chunk[4096];
  for (;;) {
    const auto step = parser.parse(buffer, {}, head);
    if (step.state == protocol::HeadResult::State::kFault) {
      co_return fail(ErrorCode::kParse, std::string(protocol::sentence(step.fault)));
    }
    if (step.state == protocol::HeadResult::State::kDone) {
      buffer.erase(0, step.consumed);
      break;
    }
    auto got = co_await net::read_some(stream, chunk, deadline);
    if (!got) co_return fail_with(got);
    if (*got == 0) co_return fail(ErrorCode::kClosed, "the connection ended before an answer");
    buffer.append(chunk, *got);
  }
  Answer answer{head.status, {}, head.keep_alive};
  protocol::BodyDecoder decoder(limits);
  decoder.reset(head.framing);
  while (!decoder.is_done()) {
    const protocol::BodyStep step = decoder.next(buffer);
    if (step.state == protocol::BodyStep::State::kFault) co_return fail(ErrorCode::kParse, "bad content framing");
    answer.body += step.data;
    buffer.erase(0, step.consumed);
    if (step.state != protocol::BodyStep::State::kMore || !buffer.empty()) continue;
    auto got = co_await net::read_some(stream, chunk, deadline);
    if (!got) co_return fail_with(got);
    if (*got == 0 && !decoder.end_of_stream()) co_return fail(ErrorCode::kClosed, "the answer was cut short");
    buffer.append(chunk, *got);
  }
  co_return answer;
}

struct Shared {
  const LoadOptions& options;
  SocketAddress address;
  std::string request;
  uint64_t begun = 0;
  bool is_stopped = false;
  Tally tally;
};

uint32_t since(TimePoint start) {
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  return static_cast<uint32_t>(passed.count());
}

runtime::Task<Result<Answer>> ask(Shared& shared, net::StreamPtr& stream) {
  const TimePoint deadline = Clock::now() + kAnswerTimeout;
  if (!stream) {
    auto connected = co_await net::connect_stream({shared.address, {}}, deadline);
    if (!connected) co_return fail_with(connected);
    stream = std::move(*connected);
  }
  if (Status sent = co_await net::write_all(*stream, shared.request, deadline); !sent) co_return fail_with(sent);
  co_return co_await read_answer(*stream, deadline);
}

runtime::Task<void> keep_asking(Shared& shared) {
  net::StreamPtr stream;
  while (!shared.is_stopped && shared.begun < shared.options.requests) {
    ++shared.begun;
    const TimePoint start = Clock::now();
    auto answer = co_await ask(shared, stream);
    if (!answer || !answer->keeps) stream.reset();
    if (!answer && shared.tally.first_error.empty()) shared.tally.first_error = answer.error().message;
    shared.tally.count(answer ? answer->status : 0, answer ? answer->body : std::string(), since(start));
  }
}

// What is under way is still counted.
runtime::Task<void> stop_on_signal(Shared& shared, runtime::Socket signals) {
  co_await wait_for_end_signal(signals);
  shared.is_stopped = true;
}

runtime::Task<void> stop_at_the_end(runtime::Scope& scope) {
  co_await scope.join();
  runtime::Reactor::current().stop();
}

}  // namespace

void Tally::count(int status, const std::string& body, uint32_t microseconds) {
  ++requests;
  if (status == 0 || status >= 500) ++failures;
  ++by_status[status];
  if (const std::string version = version_in(body); !version.empty() && status == 200) ++by_version[version];
  latencies.push_back(microseconds);
}

uint32_t Tally::percentile(double share) {
  if (latencies.empty()) return 0;
  const auto index = std::min(latencies.size() - 1, static_cast<size_t>(share * static_cast<double>(latencies.size())));
  std::ranges::nth_element(latencies, latencies.begin() + static_cast<ptrdiff_t>(index));
  return latencies[index];
}

std::string Tally::to_json() {
  Json json = {{"requests", requests},       {"failures", failures},
               {"seconds", seconds},         {"rps", seconds > 0 ? static_cast<double>(requests) / seconds : 0.0},
               {"versions", by_version},     {"p50_us", percentile(0.50)},
               {"p95_us", percentile(0.95)}, {"p99_us", percentile(0.99)}};
  json["status"] = Json::object();
  for (const auto& [status, count] : by_status) json["status"][std::to_string(status)] = count;
  if (!first_error.empty()) json["first_error"] = first_error;
  return json.dump();
}

std::string version_in(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return {};
  const auto reviews = json.find("reviews");
  const Json& holder = reviews != json.end() && reviews->is_object() ? *reviews : json;
  const auto version = holder.find("version");
  return version != holder.end() && version->is_string() ? version->get<std::string>() : std::string();
}

Result<Tally> run_load(const LoadOptions& options) {
  const auto address = resolve(options.service);
  if (!address) return std::unexpected(address.error());
  runtime::Reactor reactor;
  auto signals = open_end_signals();
  if (!signals) return fail_with(signals);
  Shared shared{options, *address, "GET " + options.target + " HTTP/1.1\r\nhost: " + options.service + "\r\n"};
  for (const auto& [name, value] : options.fields) shared.request += name + ": " + value + "\r\n";
  shared.request += "\r\n";
  const TimePoint start = Clock::now();
  runtime::Scope callers;
  for (uint32_t i = 0; i < options.connections; ++i) callers.spawn(keep_asking(shared));
  runtime::Scope waiting;
  waiting.spawn(stop_on_signal(shared, std::move(*signals)));
  waiting.spawn(stop_at_the_end(callers));
  reactor.run();
  shared.tally.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return std::move(shared.tally);
}

}  // namespace ripstop::bookinfo
