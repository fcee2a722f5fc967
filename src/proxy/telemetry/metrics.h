// The golden signals under Istio's names and labels, kept per worker and merged on a scrape; and under names of our own
// (ripstop_route_requests_total, ripstop_route_request_duration_milliseconds) per route, which Istio has no label for.
//
// A worker finds the series of a request by a hash of what its labels are made of and then only adds to counters of its
// own: no lock, no allocation and no text on the steady path. New series are made under a mutex that the scraper takes
// as well. Their number is bounded; beyond it everything is counted in one series labelled "overflow".
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/counter.h"
#include "model/cluster.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/request_record.h"

namespace ripstop::proxy::telemetry {

// Counters of one combination of labels on one worker.
struct RequestSeries {
  std::string labels;  // as they stand between the braces
  std::string route;   // not among Istio's labels: the series of a route are added up for those
  Counter requests;
  Histogram duration_milliseconds;
  Histogram request_bytes;
  Histogram response_bytes;
};

struct TcpSeries {
  std::string labels;
  Counter sent_bytes;  // towards the client, as Istio counts
  Counter received_bytes;
  Counter opened;
  Counter closed;
};

class MetricsRegistry;

// One worker's telemetry.
class WorkerMetrics final : public Telemetry {
 public:
  WorkerMetrics(MetricsRegistry& registry, model::PeerLabels own);
  ~WorkerMetrics() override;

  void on_end(const RequestRecord& record, const std::vector<model::AccessLog>& logs) override;
  void on_tcp_open(const RequestRecord& record) override;
  void on_tcp_bytes(const RequestRecord& record, uint64_t received, uint64_t sent) override;

 private:
  friend class MetricsRegistry;
  RequestSeries& find_request(const RequestRecord& record);
  TcpSeries& find_tcp(const RequestRecord& record);

  MetricsRegistry& registry_;
  const model::PeerLabels own_;
  std::unordered_map<uint64_t, RequestSeries*> requests_by_hash_;
  std::unordered_map<uint64_t, TcpSeries*> tcp_by_hash_;
  std::deque<RequestSeries> requests_;  // grown under the registry's mutex
  std::deque<TcpSeries> tcp_;
};

// Thread-safe. Outlives its workers.
class MetricsRegistry {
 public:
  // A scrape writes some 50 kB for each.
  static constexpr size_t kMaxSeriesPerWorker = 2'000;

  [[nodiscard]] std::unique_ptr<Telemetry> make_worker(const model::PeerLabels& own);
  // Prometheus text exposition format, version 0.0.4.
  [[nodiscard]] std::string prometheus();

  void reopen_logs() { logs_.reopen(); }
  void flush_logs() { logs_.flush(); }

 private:
  friend class WorkerMetrics;
  std::mutex mutex_;
  std::vector<WorkerMetrics*> workers_;
  AccessLogs logs_;
};

}  // namespace ripstop::proxy::telemetry
