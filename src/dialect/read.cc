#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "dialect/dialect.h"
#include "dialect/document.h"
#include "dialect/report.h"

namespace ripstop::dialect {
namespace {

// "2024-05-01T12:00:00Z" in Unix microseconds; 0 when it is written in another way.
int64_t parse_timestamp(std::string_view text) {
  if (text.size() < 20 || !text.ends_with('Z') || text[4] != '-' || text[7] != '-' || text[10] != 'T') return 0;
  const auto number = [text](size_t at, size_t count) { return parse_number<unsigned>(text.substr(at, count)); };
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const auto hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return 0;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                         std::chrono::day(*day));
  if (!date.ok()) return 0;
  const auto time = std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                    std::chrono::seconds(*second);
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

std::string scalar_text(const Node* node) {
  return node != nullptr && node->kind == Node::Kind::kText ? node->text : std::string();
}

// One document on its way to become a resource.
class Envelope {
 public:
  Envelope(const Document& document, const Source& source, ReadResult& result)
      : document_(document), source_(source), result_(result) {}

  void open(const NodeRef& root, bool is_alone);

 private:
  void open_list(const Node& list);
  void read_metadata(const Node& metadata, Resource& resource);
  void refuse(std::string_view code, Position at, std::string message, std::string remedy);

  const Document& document_;
  const Source& source_;
  ReadResult& result_;
};

void Envelope::refuse(std::string_view code, Position at, std::string message, std::string remedy) {
  Report("", source_.file, result_.findings).error(code, {at, ""}, std::move(message), std::move(remedy));
}

void Envelope::open(const NodeRef& root, bool is_alone) {
  if (root->kind != Node::Kind::kMap) {
    refuse("resource/not-a-mapping", root->at,
           "The document is " + std::string(root->kind_name()) + ", not a resource.",
           "A resource starts with apiVersion, kind and metadata.");
    return;
  }
  Resource resource;
  resource.kind = scalar_text(root->find("kind"));
  resource.api_version = scalar_text(root->find("apiVersion"));
  if (resource.kind.empty() || resource.api_version.empty()) {
    const bool lacks_kind = resource.kind.empty();
    refuse(lacks_kind ? "resource/no-kind" : "resource/no-api-version", root->at,
           std::string("The document has no ") + (lacks_kind ? "kind" : "apiVersion") + ", so it is not a resource.",
           lacks_kind ? "Give it a kind, for instance VirtualService."
                      : "Give it an apiVersion, for instance networking.istio.io/v1.");
    return;
  }
  const Node* items = root->find("items");
  if (resource.kind.ends_with("List") && items != nullptr) {
    open_list(*root);
    return;
  }
  resource.file = source_.file;
  resource.line = is_alone ? document_.first_line : root->at.line;
  const Kind* kind = find_kind(resource.group(), resource.kind);
  if (const Node* metadata = root->find("metadata"); metadata != nullptr) read_metadata(*metadata, resource);
  if (resource.ns.empty() && (kind == nullptr || kind->is_namespaced)) resource.ns = source_.default_namespace;
  resource.text = is_alone ? document_.text : to_yaml(*root);
  resource.tree = root;
  result_.resources.push_back(std::move(resource));
}

void Envelope::open_list(const Node& list) {
  const Node& items = *list.find("items");
  if (items.kind == Node::Kind::kNull) return;
  if (items.kind != Node::Kind::kList) {
    refuse("resource/bad-list", items.at, "The items of a List must be a list.", "Start every item with a dash.");
    return;
  }
  const std::string kind = scalar_text(list.find("kind"));
  const std::string item_kind = kind.substr(0, kind.size() - std::string_view("List").size());
  for (const NodeRef& item : items.items) {
    if (result_.findings.size() >= Limits{}.findings) return;
    const bool lacks_kind = item->kind == Node::Kind::kMap && item->find("kind") == nullptr && !item_kind.empty();
    if (!lacks_kind) {
      open(item, false);
      continue;
    }
    // In a VirtualServiceList the items need not say again what they are.
    auto whole = std::make_shared<Node>(*item);
    std::erase_if(whole->entries, [](const Node::Entry& entry) { return entry.key == "apiVersion"; });
    auto kind_node = std::make_shared<Node>(*list.find("kind"));
    kind_node->text = item_kind;
    whole->entries.insert(whole->entries.begin(), {"kind", item->at, std::move(kind_node)});
    for (const Node::Entry& entry : list.entries) {
      if (entry.key == "apiVersion") whole->entries.insert(whole->entries.begin(), entry);
    }
    open(whole, false);
  }
}

void Envelope::read_metadata(const Node& metadata, Resource& resource) {
  resource.name = scalar_text(metadata.find("name"));
  resource.ns = scalar_text(metadata.find("namespace"));
  resource.created = parse_timestamp(scalar_text(metadata.find("creationTimestamp")));
  const Node* labels = metadata.find("labels");
  if (labels == nullptr) return;
  for (const Node::Entry& entry : labels->entries) {
    if (entry.value->kind == Node::Kind::kText) resource.labels[entry.key] = entry.value->text;
  }
}

}  // namespace

std::string_view Resource::group() const {
  const size_t slash = api_version.find('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(api_version).substr(0, slash);
}

std::string_view Resource::version() const {
  const size_t slash = api_version.find('/');
  return slash == std::string::npos ? std::string_view(api_version) : std::string_view(api_version).substr(slash + 1);
}

std::string Resource::title() const {
  return kind + " " + (ns.empty() ? name : ns + "/" + name);
}

ReadResult read(const Source& source) {
  ReadResult result;
  for (const Document& document : read_documents(source.file, source.text, source.first_line, result.findings)) {
    Envelope(document, source, result).open(document.root, true);
  }
  return result;
}

}  // namespace ripstop::dialect
