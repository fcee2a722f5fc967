#include "runtime/memory/start_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "runtime/file_descriptor.h"

namespace ripstop::runtime {
namespace {

// A file's pages, mapped privately and read-only.
class MappedFile {
 public:
  MappedFile() {
    const FileDescriptor fd(memfd_create("start-memory", MFD_CLOEXEC));
    const std::string content(kSize, 'f');
    EXPECT_EQ(write(fd.get(), content.data(), content.size()), static_cast<ssize_t>(kSize));
    bytes_ = static_cast<char*>(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd.get(), 0));
    EXPECT_NE(bytes_, MAP_FAILED);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() { munmap(bytes_, kSize); }

  char* bytes() { return bytes_; }
  void forbid_writing() { EXPECT_EQ(mprotect(bytes_, kSize, PROT_READ), 0); }
  // Pages that this process has in its page table (proc(5), pagemap: bit 63).
  [[nodiscard]] size_t count_present() const {
    const FileDescriptor map(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    std::array<uint64_t, kPages> entries{};
    const auto at = static_cast<off_t>(reinterpret_cast<uintptr_t>(bytes_) / kPage * sizeof(uint64_t));
    EXPECT_EQ(pread(map.get(), entries.data(), sizeof entries, at), static_cast<ssize_t>(sizeof entries));
    return static_cast<size_t>(std::ranges::count_if(entries, [](uint64_t entry) { return (entry >> 63) != 0; }));
  }

 private:
  static constexpr size_t kPage = 4096;
  static constexpr size_t kPages = 16;
  static constexpr size_t kSize = kPage * kPages;
  char* bytes_ = nullptr;
};

size_t sum(const char* bytes, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) total += static_cast<unsigned char>(static_cast<const volatile char*>(bytes)[i]);
  return total;
}

TEST(StartMemory, PagesOfFilesGoBackAndComeAgain) {
  MappedFile file;
  file.forbid_writing();
  const size_t before = sum(file.bytes(), 65536);
  EXPECT_EQ(file.count_present(), 16U);
  release_start_memory();
  EXPECT_EQ(file.count_present(), 0U);
  EXPECT_EQ(sum(file.bytes(), 65536), before);
}

TEST(StartMemory, WhatTheProcessHasChangedStays) {
  MappedFile file;
  std::strcpy(file.bytes() + 5000, "ours");
  file.forbid_writing();
  release_start_memory();
  EXPECT_STREQ(file.bytes() + 5000, "ours");
}

TEST(StartMemory, WritableFilesStay) {
  MappedFile file;
  sum(file.bytes(), 65536);
  release_start_memory();
  EXPECT_EQ(file.count_present(), 16U);
}

}  // namespace
}  // namespace ripstop::runtime
