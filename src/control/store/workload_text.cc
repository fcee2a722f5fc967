#include "control/store/workload_text.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace ripstop::control {
namespace {

using nlohmann::json;

std::map<uint16_t, SocketAddress> read_inbound(const json& object) {
  std::map<uint16_t, SocketAddress> inbound;
  for (const auto& [port, address] : object.items()) {
    const auto number = parse_number<uint16_t>(port);
    const Result<SocketAddress> parsed = SocketAddress::parse(address.get_ref<const std::string&>());
    if (!number || !parsed) throw json::other_error::create(501, "inbound needs port numbers and addresses", &object);
    inbound.emplace(*number, *parsed);
  }
  return inbound;
}

// nlohmann narrows numbers silently: a port that was 70000 must not come back as 4464, nor 1e300 as anything.
template <typename Number>
Number in_range(const json& value) {
  const int64_t wide = value.is_number_integer() ? value.get<int64_t>() : -1;
  if (wide < 0 || static_cast<uint64_t>(wide) > std::numeric_limits<Number>::max()) {
    throw json::out_of_range::create(401, "a number is out of its range", &value);
  }
  return static_cast<Number>(wide);
}

model::Workload read(const json& object) {
  model::Workload workload;
  workload.id = object.at("id").get<std::string>();
  workload.name = object.at("name").get<std::string>();
  const Result<model::Identity> identity = model::Identity::parse(object.at("identity").get_ref<const std::string&>());
  if (!identity) throw json::other_error::create(501, identity.error().message, &object);
  workload.identity = *identity;
  workload.labels = object.at("labels").get<model::Labels>();
  workload.address = object.at("address").get<std::string>();
  workload.inbound = read_inbound(object.at("inbound"));
  for (const auto& [name, port] : object.at("ports").items()) workload.port_names[name] = in_range<uint16_t>(port);
  const json& locality = object.at("locality");
  workload.locality = {locality.at(0).get<std::string>(), locality.at(1).get<std::string>(),
                       locality.at(2).get<std::string>()};
  workload.weight = in_range<uint32_t>(object.at("weight"));
  workload.has_proxy = object.at("proxy").get<bool>();
  workload.is_ready = object.at("ready").get<bool>();
  workload.network = object.at("network").get<std::string>();
  return workload;
}

}  // namespace

std::string to_json(const model::Workload& workload) {
  json inbound = json::object();
  for (const auto& [port, address] : workload.inbound) inbound[std::to_string(port)] = address.to_string();
  json ports = json::object();
  for (const auto& [name, port] : workload.port_names) ports[name] = port;
  const json object = {
      {"id", workload.id},
      {"name", workload.name},
      {"identity", workload.identity.to_string()},
      {"labels", workload.labels},
      {"address", workload.address},
      {"inbound", std::move(inbound)},
      {"ports", std::move(ports)},
      {"locality", {workload.locality.region, workload.locality.zone, workload.locality.sub_zone}},
      {"weight", workload.weight},
      {"proxy", workload.has_proxy},
      {"ready", workload.is_ready},
      {"network", workload.network},
  };
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<model::Workload> workload_from_json(std::string_view text) {
  try {
    return read(json::parse(text));
  } catch (const json::exception& error) {
    return fail(ErrorCode::kParse, std::string("a workload's text cannot be read: ") + error.what());
  }
}

}  // namespace ripstop::control
