#include "policy/route/split.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace ripstop::policy {
namespace {

// Coprime with `sum`, so that every place is met once per round, and as near to the golden section as that allows, so
// that the places met so far lie evenly at any time.
uint64_t stride_for(uint64_t sum) {
  constexpr double kGoldenSection = 0.6180339887498949;
  auto stride = static_cast<uint64_t>(static_cast<double>(sum) * kGoldenSection + 0.5);
  stride = std::max<uint64_t>(stride, 1);
  while (std::gcd(stride, sum) != 1) ++stride;
  return stride;
}

}  // namespace

Result<Split> Split::compile(std::span<const model::WeightedCluster> clusters) {
  Split split;
  uint64_t sum = 0;
  uint64_t divisor = 0;
  for (size_t i = 0; i < clusters.size(); ++i) {
    const uint64_t weight = clusters[i].weight;
    if (sum == 0 && weight != 0) split.only_ = i;
    sum += weight;
    divisor = std::gcd(divisor, weight);
    split.ends_.push_back(sum);
  }
  if (sum == 0) {
    return fail(ErrorCode::kInvalidArgument, "no destination has a weight; give at least one a weight above zero");
  }
  if (sum > std::numeric_limits<uint32_t>::max()) {
    return fail(ErrorCode::kInvalidArgument, "the weights add up to more than 4294967295; use smaller weights");
  }
  const bool has_choice = sum != clusters[split.only_].weight;
  if (!has_choice) {
    split.ends_.clear();
    return split;
  }
  for (uint64_t& end : split.ends_) end /= divisor;
  split.stride_ = stride_for(sum / divisor);
  split.mark_ = std::make_shared<const char>('\0');
  return split;
}

size_t Split::at(uint64_t place) const {
  return static_cast<size_t>(std::ranges::upper_bound(ends_, place) - ends_.begin());
}

size_t SplitCursors::next(const Split& split) {
  if (!split.has_choice()) return split.only_;
  const uint64_t sum = split.ends_.back();
  auto found = cursors_.find(split.mark_.get());
  if (found == cursors_.end()) {
    found = cursors_.emplace(split.mark_.get(), Cursor{split.mark_, random_.below(sum)}).first;
  }
  uint64_t& place = found->second.place;
  const size_t chosen = split.at(place);
  place += split.stride_;
  if (place >= sum) place -= sum;
  return chosen;
}

void SplitCursors::forget_gone() {
  std::erase_if(cursors_, [](const auto& item) { return item.second.mark.expired(); });
}

}  // namespace ripstop::policy
