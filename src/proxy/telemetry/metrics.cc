#include "proxy/telemetry/metrics.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "proxy/telemetry/labels.h"

namespace ripstop::proxy::telemetry {
namespace {

constexpr std::string_view kOverflowLabels = "reporter=\"overflow\"";

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// The series of a hash, made when there is none; past the bound, the first one, which is the overflow's.
template <typename Series>
Series& find_or_make(std::unordered_map<uint64_t, Series*>& by_hash, std::deque<Series>& all, std::mutex& mutex,
                     const RequestRecord& record, const model::PeerLabels& own) {
  const uint64_t hash = hash_labels(record);
  const auto found = by_hash.find(hash);
  if (found != by_hash.end()) return *found->second;
  const std::lock_guard lock(mutex);
  if (all.empty()) all.emplace_back().labels = kOverflowLabels;
  if (all.size() >= MetricsRegistry::kMaxSeriesPerWorker) return all.front();
  Series& made = all.emplace_back();
  made.labels = format_labels(record, own);
  if constexpr (requires { made.route; }) made.route = record.route_label;
  by_hash.emplace(hash, &made);
  return made;
}

}  // namespace

WorkerMetrics::WorkerMetrics(MetricsRegistry& registry, model::PeerLabels own)
    : registry_(registry), own_(std::move(own)) {}

WorkerMetrics::~WorkerMetrics() {
  const std::lock_guard lock(registry_.mutex_);
  std::erase(registry_.workers_, this);
}

RequestSeries& WorkerMetrics::find_request(const RequestRecord& record) {
  return find_or_make(requests_by_hash_, requests_, registry_.mutex_, record, own_);
}

TcpSeries& WorkerMetrics::find_tcp(const RequestRecord& record) {
  return find_or_make(tcp_by_hash_, tcp_, registry_.mutex_, record, own_);
}

void WorkerMetrics::on_tcp_open(const RequestRecord& record) {
  find_tcp(record).opened.add();
}

void WorkerMetrics::on_tcp_bytes(const RequestRecord& record, uint64_t received, uint64_t sent) {
  TcpSeries& series = find_tcp(record);
  series.received_bytes.add(received);
  series.sent_bytes.add(sent);
}

void WorkerMetrics::on_end(const RequestRecord& record, const std::vector<model::AccessLog>& logs) {
  if (record.is_tcp) {
    find_tcp(record).closed.add();
  } else {
    RequestSeries& series = find_request(record);
    series.requests.add();
    series.duration_milliseconds.record(milliseconds(record.duration));
    series.request_bytes.record(static_cast<double>(record.request_bytes));
    series.response_bytes.record(static_cast<double>(record.response_bytes));
  }
  if (!logs.empty()) registry_.logs_.write(record, logs);
}

std::unique_ptr<Telemetry> MetricsRegistry::make_worker(const model::PeerLabels& own) {
  auto worker = std::make_unique<WorkerMetrics>(*this, own);
  const std::lock_guard lock(mutex_);
  workers_.push_back(worker.get());
  return worker;
}

namespace {

struct MergedHistogram {
  std::array<uint64_t, kHistogramBounds.size() + 1> buckets{};
  double sum = 0;

  void add(const Histogram& from) {
    for (size_t i = 0; i < buckets.size(); ++i) buckets[i] += from.bucket(i);
    sum += from.sum();
  }
};

struct MergedRequests {
  uint64_t requests = 0;
  MergedHistogram duration;
  MergedHistogram request_bytes;
  MergedHistogram response_bytes;
};

struct MergedRoute {
  uint64_t requests = 0;
  MergedHistogram duration;
};

struct MergedTcp {
  uint64_t sent = 0;
  uint64_t received = 0;
  uint64_t opened = 0;
  uint64_t closed = 0;
};

std::string format_number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

template <typename Merged>
void put_counter(std::string& out, std::string_view name, const std::map<std::string, Merged>& all,
                 uint64_t Merged::* field) {
  if (all.empty()) return;
  out.append("# TYPE ").append(name).append(" counter\n");
  for (const auto& [labels, merged] : all) {
    out.append(name).append("{").append(labels).append("} ").append(std::to_string(merged.*field)).append("\n");
  }
}

template <typename Merged>
void put_histogram(std::string& out, std::string_view name, const std::map<std::string, Merged>& all,
                   MergedHistogram Merged::* field) {
  if (all.empty()) return;
  out.append("# TYPE ").append(name).append(" histogram\n");
  for (const auto& [labels, merged] : all) {
    const MergedHistogram& histogram = merged.*field;
    uint64_t running = 0;
    for (size_t i = 0; i < histogram.buckets.size(); ++i) {
      running += histogram.buckets[i];
      const std::string bound = i < kHistogramBounds.size() ? format_number(kHistogramBounds[i]) : "+Inf";
      out.append(name).append("_bucket{").append(labels).append(",le=\"").append(bound).append("\"} ");
      out.append(std::to_string(running)).append("\n");
    }
    out.append(name).append("_sum{").append(labels).append("} ").append(format_number(histogram.sum)).append("\n");
    out.append(name).append("_count{").append(labels).append("} ").append(std::to_string(running)).append("\n");
  }
}

// What one scrape adds up over the workers, by labels.
struct Merged {
  std::map<std::string, MergedRequests> requests;
  std::map<std::string, MergedRoute> routes;
  std::map<std::string, MergedTcp> tcp;

  void add(const RequestSeries& series) {
    if (series.requests.value() == 0) return;
    MergedRequests& whole = requests[series.labels];
    whole.requests += series.requests.value();
    whole.duration.add(series.duration_milliseconds);
    whole.request_bytes.add(series.request_bytes);
    whole.response_bytes.add(series.response_bytes);
    MergedRoute& route = routes[format_route_labels(series.labels, series.route)];
    route.requests += series.requests.value();
    route.duration.add(series.duration_milliseconds);
  }
  void add(const TcpSeries& series) {
    const uint64_t bytes = series.sent_bytes.value() + series.received_bytes.value();
    if (series.opened.value() + series.closed.value() + bytes == 0) return;
    MergedTcp& whole = tcp[series.labels];
    whole.sent += series.sent_bytes.value();
    whole.received += series.received_bytes.value();
    whole.opened += series.opened.value();
    whole.closed += series.closed.value();
  }
};

}  // namespace

std::string MetricsRegistry::prometheus() {
  Merged all;
  {
    const std::lock_guard lock(mutex_);
    for (const WorkerMetrics* worker : workers_) {
      for (const RequestSeries& series : worker->requests_) all.add(series);
      for (const TcpSeries& series : worker->tcp_) all.add(series);
    }
  }
  std::string out;
  put_counter(out, "istio_requests_total", all.requests, &MergedRequests::requests);
  put_histogram(out, "istio_request_duration_milliseconds", all.requests, &MergedRequests::duration);
  put_histogram(out, "istio_request_bytes", all.requests, &MergedRequests::request_bytes);
  put_histogram(out, "istio_response_bytes", all.requests, &MergedRequests::response_bytes);
  put_counter(out, "istio_tcp_sent_bytes_total", all.tcp, &MergedTcp::sent);
  put_counter(out, "istio_tcp_received_bytes_total", all.tcp, &MergedTcp::received);
  put_counter(out, "istio_tcp_connections_opened_total", all.tcp, &MergedTcp::opened);
  put_counter(out, "istio_tcp_connections_closed_total", all.tcp, &MergedTcp::closed);
  put_counter(out, "ripstop_route_requests_total", all.routes, &MergedRoute::requests);
  put_histogram(out, "ripstop_route_request_duration_milliseconds", all.routes, &MergedRoute::duration);
  return out;
}

}  // namespace ripstop::proxy::telemetry
