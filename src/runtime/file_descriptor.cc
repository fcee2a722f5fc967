#include "runtime/file_descriptor.h"

#include <unistd.h>

namespace ripstop::runtime {

void FileDescriptor::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace ripstop::runtime
