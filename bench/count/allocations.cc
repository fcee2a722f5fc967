// Preloaded into a proxy (LD_PRELOAD), counts what it asks the C library's allocator for: eight bytes at the start of
// the file that RIPSTOP_COUNT_FILE names, shared by all its processes. Programs that bring an allocator of their own do
// not pass here.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// The C library's own names for what stands behind malloc() and the others.
// NOLINTBEGIN(readability-identifier-naming): not ours to name
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}
// NOLINTEND(readability-identifier-naming)

namespace {

std::atomic<uint64_t> own_count{0};
std::atomic<uint64_t>* count = &own_count;

__attribute__((constructor)) void share_count() {
  const char* path = std::getenv("RIPSTOP_COUNT_FILE");
  if (path == nullptr) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* mapped = mmap(nullptr, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) count = static_cast<std::atomic<uint64_t>*>(mapped);
}

void add_one() {
  count->fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// Parameters are named as in the library's header.
extern "C" {

__attribute__((visibility("default"))) void* malloc(size_t size) {
  add_one();
  return __libc_malloc(size);
}

__attribute__((visibility("default"))) void* calloc(size_t nmemb, size_t size) {
  add_one();
  return __libc_calloc(nmemb, size);
}

__attribute__((visibility("default"))) void* realloc(void* ptr, size_t size) {
  add_one();
  return __libc_realloc(ptr, size);
}

__attribute__((visibility("default"))) void* aligned_alloc(size_t alignment, size_t size) {
  add_one();
  return __libc_memalign(alignment, size);
}

__attribute__((visibility("default"))) int posix_memalign(void** memptr, size_t alignment, size_t size) {
  add_one();
  *memptr = __libc_memalign(alignment, size);
  return *memptr == nullptr ? ENOMEM : 0;
}
}
