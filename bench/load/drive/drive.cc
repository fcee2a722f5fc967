#include "load/drive/drive.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "load/drive/client.h"
#include "load/drive/cpu_meter.h"

namespace ripstop::load {
namespace {

constexpr size_t kBufferSize = 64 * 1024;
constexpr uint64_t kMaxErrors = 2000;
constexpr size_t kHeldSideBySide = 32;
constexpr int64_t kLongestTurn = 20'000'000;
constexpr int64_t kGiveUpAfter = 1'000'000'000;

std::unique_ptr<Client> make_client(Session& session) {
  switch (session.options.traffic) {
    case Traffic::kHttp1:
      return make_http1_client(session);
    case Traffic::kHttp2:
      return make_http2_client(session);
    case Traffic::kEcho:
      return make_echo_client(session);
    case Traffic::kDownload:
    case Traffic::kUpload:
      return make_bulk_client(session);
  }
  return nullptr;
}

Pace make_pace(const DriveOptions& options) {
  if (options.holds) return Pace::once(kHeldSideBySide);
  return options.rate ? Pace::open(*options.rate, now_ns()) : Pace::closed();
}

struct Spent {
  std::chrono::nanoseconds watched{};
  std::chrono::nanoseconds own{};
  int64_t at = 0;
};

Result<Spent> measure(const DriveOptions& options) {
  const auto watched = run_time_of(options.watched);
  if (!watched) return std::unexpected(watched.error());
  return Spent{*watched, own_run_time(), now_ns()};
}

std::string join_failures(const Tally& tally) {
  std::string text;
  for (const auto& [why, count] : tally.failures())
    text += fmt::format("{}\"{}\":{}", text.empty() ? "" : ",", why, count);
  return text;
}

double to_us(int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e3;
}
double to_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::string report(const Tally& tally, const Spent& before, const Spent& after) {
  const Histogram& latencies = tally.latencies();
  const double seconds = static_cast<double>(after.at - before.at) / 1e9;
  return fmt::format(
      R"({{"requests":{},"errors":{},"unanswered":{},"seconds":{:.6f},"requests_per_second":{:.1f},"bytes":{},)"
      R"("latency_us":{{"p50":{:.1f},"p99":{:.1f},"p999":{:.1f},"max":{:.1f}}},)"
      R"("cpu_seconds":{:.6f},"load_cpu_seconds":{:.6f},"connections":{},"resumptions":{},"failures":{{{}}}}})",
      tally.answers(), tally.errors(), tally.given_up(), seconds, static_cast<double>(tally.answers()) / seconds,
      tally.bytes(), to_us(latencies.percentile(0.5)), to_us(latencies.percentile(0.99)),
      to_us(latencies.percentile(0.999)), to_us(latencies.longest()), to_seconds(after.watched - before.watched),
      to_seconds(after.own - before.own), tally.connections, tally.resumptions, join_failures(tally));
}

class Drive {
 public:
  explicit Drive(const DriveOptions& options)
      : options_(options), pace_(make_pace(options)), session_{loop_, pace_, tally_, options, nullptr, {}, {}} {
    session_.buffer.resize(kBufferSize);
  }

  Status prepare() {
    if (!options_.progress_file.empty()) {
      if (auto published = tally_.publish_to(options_.progress_file); !published) return published;
    }
    if (options_.tls) {
      auto tls = TlsClient::make(*options_.tls);
      if (!tls) return fail_with(tls);
      tls_ = std::move(*tls);
      session_.tls = tls_.get();
    }
    for (size_t i = 0; i < options_.connections; ++i) clients_.push_back(make_client(session_));
    for (const auto& client : clients_) client->start();
    return {};
  }

  Result<std::string> run() {
    const int64_t begin = now_ns() + std::chrono::nanoseconds(options_.warm_up).count();
    const int64_t end = begin + std::chrono::nanoseconds(options_.duration).count();
    tally_.set_window(begin, end);
    if (auto ran = run_until(begin); !ran) return fail_with(ran);
    const auto before = measure(options_);
    if (auto ran = run_until(end); !ran) return fail_with(ran);
    const auto after = measure(options_);
    if (!before || !after) return std::unexpected(before ? after.error() : before.error());
    if (auto ran = wait_for_late_answers(begin, end); !ran) return fail_with(ran);
    return report(tally_, *before, *after);
  }

  // Opens all connections, says so, and keeps them until the standard input ends.
  Result<std::string> hold() {
    const auto before = measure(options_);
    while (pace_.finished_once() < options_.connections) {
      if (auto turned = turn(kLongestTurn); !turned) return fail_with(turned);
    }
    const auto after = measure(options_);
    if (!before || !after) return std::unexpected(before ? after.error() : before.error());
    fmt::print("holding {}\n", pace_.finished_once());
    std::fflush(stdout);
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return report(tally_, *before, *after);
  }

 private:
  Status turn(int64_t longest) {
    const auto next = pace_.dispatch(now_ns());
    for (Flushable* client : session_.unflushed) client->flush();
    session_.unflushed.clear();
    loop_.turn(std::min(next.value_or(longest), longest));
    if (tally_.errors() <= kMaxErrors) return {};
    return fail(ErrorCode::kUnavailable,
                "gave up after " + std::to_string(tally_.errors()) + " failed requests: " + join_failures(tally_));
  }

  Status run_until(int64_t end) {
    for (int64_t now = now_ns(); now < end; now = now_ns()) {
      if (auto turned = turn(std::min(kLongestTurn, end - now)); !turned) return turned;
    }
    return {};
  }

  // Requests that were due within the window are waited for, since the slowest are among them.
  Status wait_for_late_answers(int64_t begin, int64_t end) {
    const uint64_t due = pace_.due_between(begin, end);
    const int64_t last = end + kGiveUpAfter;
    while (tally_.latencies().count() < due && now_ns() < last) {
      if (auto turned = turn(kLongestTurn); !turned) return turned;
    }
    pace_.stop();
    if (tally_.latencies().count() < due) tally_.unanswered(due - tally_.latencies().count(), kGiveUpAfter);
    return {};
  }

  const DriveOptions& options_;
  PollLoop loop_;
  Pace pace_;
  Tally tally_;
  std::unique_ptr<TlsClient> tls_;
  Session session_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace

Result<std::string> drive(const DriveOptions& options) {
  Drive run(options);
  if (auto prepared = run.prepare(); !prepared) return fail_with(prepared);
  return options.holds ? run.hold() : run.run();
}

}  // namespace ripstop::load
