// An immutable hash table from text to a small number: exact hosts, exact paths, server names.
//
// Open addressing in one flat array at most half full; keys are views whose text must outlive the index. Keys come from
// configuration, which is trusted; lookups may be anybody's, and cost one hash and usually one comparison.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ripstop::policy {

class TextIndex {
 public:
  // False, and nothing changes, when the key is already there.
  bool insert(std::string_view key, uint32_t value);
  [[nodiscard]] std::optional<uint32_t> find(std::string_view key) const;
  [[nodiscard]] size_t size() const { return size_; }

 private:
  struct Slot {
    const char* key = nullptr;  // nullptr: free
    uint32_t key_size = 0;
    uint32_t value = 0;
  };
  [[nodiscard]] size_t position(std::string_view key) const;
  void grow();

  std::vector<Slot> slots_;
  size_t size_ = 0;
};

}  // namespace ripstop::policy
