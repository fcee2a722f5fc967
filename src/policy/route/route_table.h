// A route table made ready for the hot path: hosts and exact paths by hash, regular expressions compiled, header edits
// merged and checked. Built once per snapshot; immutable, shared by all workers; finding allocates nothing.
//
// Follows Envoy: the virtual host is chosen by the whole authority, port included (so "a.example:8080" is found only
// where a domain says so), unless the table ignores ports: exact domain, longest "*suffix", longest "prefix*", "*". A
// wildcard stands for at least one byte. Within the virtual host the first route that matches wins; there is no going
// on to another virtual host.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/route.h"
#include "policy/route/header_edits.h"
#include "policy/route/matcher.h"
#include "policy/route/split.h"
#include "policy/route/text_index.h"

namespace ripstop::policy {

// One destination of a Forward, with everything that depends on which one was chosen.
struct ClusterChoice {
  const model::WeightedCluster* cluster = nullptr;
  HeaderEditList request_edits;  // complete: this cluster's, then the route's and so on
  HeaderEditList response_edits;
};

struct CompiledRoute {
  const model::Route* route = nullptr;
  const model::VirtualHost* virtual_host = nullptr;
  const model::RetryPolicy* retry = nullptr;  // the route's, else the virtual host's; nullptr: none
  RouteMatcher match;
  std::vector<ClusterChoice> clusters;  // of a Forward, else empty
  Split split;                          // among them
  std::string label;                    // for metrics: the route's name, else where it was written; may be empty
  HeaderEditList response_edits;        // for answers made here: redirects, direct responses, local errors
  Regex rewrite;                        // of Forward::regex_rewrite
};

// The destination of the next request, by weight. The route's action must be a Forward. Once per request: a retry goes
// where its first attempt went, and does not count.
[[nodiscard]] const ClusterChoice& choose_cluster(const CompiledRoute& route, SplitCursors& cursors);

class CompiledRouteTable {
 public:
  struct Found {
    const model::VirtualHost* virtual_host = nullptr;  // nullptr: no domain takes this authority
    const CompiledRoute* route = nullptr;              // nullptr: answer 404, flag NR
  };

  // Keeps the model alive. The first error is returned, with the names of the virtual host and the route in it: a table
  // is taken whole or not at all.
  static Result<std::shared_ptr<const CompiledRouteTable>> compile(std::shared_ptr<const model::RouteTable> table);

  [[nodiscard]] Found find(const RequestView& request) const;
  [[nodiscard]] const model::RouteTable& source() const { return *model_; }

 private:
  struct Host {
    const model::VirtualHost* source = nullptr;
    std::vector<CompiledRoute> routes;
    // Routes whose path is exact, by path, when there are many of them; `scanned` has all others. Both in order.
    TextIndex exact_paths;
    std::vector<std::vector<uint32_t>> exact_routes;
    std::vector<uint32_t> scanned;
  };

  explicit CompiledRouteTable(std::shared_ptr<const model::RouteTable> table) : model_(std::move(table)) {}
  Status add_host(const model::VirtualHost& host);
  Status add_domain(const std::string& domain, uint32_t host);
  Result<CompiledRoute> compile_route(const model::Route& route, const model::VirtualHost& host) const;
  Status compile_forward(const model::Forward& forward, CompiledRoute& compiled) const;
  Status merge_edits(const CompiledRoute& route, const model::WeightedCluster* cluster, HeaderEditList& request,
                     HeaderEditList& response) const;
  [[nodiscard]] const Host* find_host(std::string_view authority) const;
  [[nodiscard]] const CompiledRoute* find_route(const Host& host, const RequestView& request) const;
  static void index_paths(Host& host);

  std::shared_ptr<const model::RouteTable> model_;
  std::vector<Host> hosts_;
  std::vector<std::unique_ptr<const std::string>> lower_domains_;  // of those the model has in other letters
  TextIndex exact_domains_;
  TextIndex suffixes_;
  TextIndex prefixes_;
  std::vector<size_t> suffix_sizes_;  // those that occur, longest first
  std::vector<size_t> prefix_sizes_;
  const Host* any_host_ = nullptr;
};

}  // namespace ripstop::policy
