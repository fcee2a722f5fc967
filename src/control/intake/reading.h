// A batch of texts, taken apart: the resources that the mesh would keep, and what was found on the way.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "control/intake/accepted_set.h"
#include "control/intake/folder_scan.h"
#include "control/store/record.h"
#include "dialect/dialect.h"
#include "model/finding.h"
#include "model/snapshot.h"

namespace ripstop::control {

struct Reading {
  std::vector<dialect::Resource> resources;  // each key once
  model::Findings findings;                  // of reading, and about what is not kept
  std::set<std::string> broken_files;        // with an error in reading: there may be more in them

  [[nodiscard]] std::vector<ResourceKey> keys() const;
  // As findings name the resources.
  [[nodiscard]] std::set<std::string> titles() const;
  [[nodiscard]] std::vector<Resource> records(Owner owner) const;
};

// Where one resource is given twice the later one counts, with a warning.
[[nodiscard]] Reading read_sources(std::span<const dialect::Source> sources, const model::MeshSettings& settings);
// Where one resource is in two files the first by path counts, and the other is an error.
[[nodiscard]] Reading read_folder(const FolderContent& content, const model::MeshSettings& settings);

}  // namespace ripstop::control
