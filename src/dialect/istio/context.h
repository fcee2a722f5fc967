// What every reader of a kind needs beside the fields: whose spec it is, the mesh's settings, and where it came from.
#pragma once

#include <memory>
#include <string>

#include "dialect/dialect.h"
#include "dialect/istio/fields.h"
#include "dialect/istio/references.h"
#include "dialect/names.h"
#include "dialect/report.h"
#include "model/origin.h"
#include "model/snapshot.h"

namespace ripstop::dialect::istio {

struct Context {
  const Resource& resource;
  const model::MeshSettings& settings;
  Report& report;
  References& references;  // what this resource says about others goes here
  size_t index = 0;        // of the resource

  [[nodiscard]] std::string qualified(std::string_view host) const {
    return qualified_host(host, resource.ns, settings.dns_domain);
  }

  [[nodiscard]] model::OriginRef origin(const Place& place = {}) const {
    return std::make_shared<const model::Origin>(
        model::Origin{.dialect = "istio",
                      .kind = resource.kind,
                      .ns = resource.ns,
                      .name = resource.name,
                      .file = resource.file,
                      .line = place.at.line == 0 ? resource.line : place.at.line,
                      .field = place.field});
  }
};

}  // namespace ripstop::dialect::istio
