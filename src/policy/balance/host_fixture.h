// Builders of assignments for the tests of this room.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/balance/host_set.h"

namespace ripstop::policy {

inline model::Endpoint endpoint(uint16_t number, uint32_t weight = 1, model::Health health = model::Health::kHealthy) {
  model::Endpoint made;
  made.address = {IpAddress::v4({10, 0, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)}), 80};
  made.weight = weight;
  made.health = health;
  return made;
}

inline std::vector<model::Endpoint> endpoints(uint16_t first, uint16_t count) {
  std::vector<model::Endpoint> made;
  made.reserve(count);
  for (uint16_t i = 0; i < count; ++i) made.push_back(endpoint(static_cast<uint16_t>(first + i)));
  return made;
}

inline std::shared_ptr<const model::LoadAssignment> assignment(std::vector<model::LocalityEndpoints> localities) {
  auto made = std::make_shared<model::LoadAssignment>();
  made->localities = std::move(localities);
  return made;
}

inline std::shared_ptr<const model::LoadAssignment> assignment(std::vector<model::Endpoint> hosts) {
  std::vector<model::LocalityEndpoints> localities(1);
  localities[0].endpoints = std::move(hosts);
  return assignment(std::move(localities));
}

// Last two bytes of the address.
inline int number_of(const Host& host) {
  const std::string_view bytes = host.endpoint->address.ip.bytes();
  return static_cast<uint8_t>(bytes[2]) * 256 + static_cast<uint8_t>(bytes[3]);
}

inline std::map<int, int> pick_many(HostSet& hosts, Random& random, int picks) {
  std::map<int, int> counts;
  for (int i = 0; i < picks; ++i) {
    const Host* host = hosts.pick({}, random);
    ++counts[host == nullptr ? -1 : number_of(*host)];
  }
  return counts;
}

}  // namespace ripstop::policy
