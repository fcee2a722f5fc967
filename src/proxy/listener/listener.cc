#include "proxy/listener/listener.h"

#include <vector>

namespace ripstop::proxy {

ChainRef ListenerSettings::choose(const policy::ConnectionFacts& facts) const {
  const model::FilterChain* chosen = choice.choose(facts);
  if (chosen == nullptr) return nullptr;
  for (const ChainRef& chain : chains) {
    if (chain->model == chosen) return chain;
  }
  return default_chain;
}

void ListenerSet::set(ListenerRef listener) {
  std::string name = listener->model->name;
  by_name_.insert_or_assign(std::move(name), std::move(listener));
  rebuild();
}

void ListenerSet::remove(const std::string& name) {
  by_name_.erase(name);
  rebuild();
}

ListenerRef ListenerSet::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void ListenerSet::rebuild() {
  std::vector<const model::Listener*> models;
  models.reserve(by_name_.size());
  for (const auto& [name, listener] : by_name_) models.push_back(listener->model.get());
  by_destination_ = std::make_unique<policy::ListenerTable>(models);
}

ListenerRef ListenerSet::resolve(const ListenerRef& accepted, const SocketAddress& destination) const {
  if (!accepted->model->use_original_dst || !by_destination_) return accepted;
  const model::Listener* found = by_destination_->find(destination);
  if (found == nullptr) return accepted;
  ListenerRef listener = find(found->name);
  return listener ? listener : accepted;
}

}  // namespace ripstop::proxy
