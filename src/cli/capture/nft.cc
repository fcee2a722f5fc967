#include "cli/capture/nft.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/text.h"
#include "cli/capture/descriptor_channel.h"
#include "cli/capture/privileges.h"
#include "cli/system/program.h"
#include "runtime/file_descriptor.h"

namespace ripstop::cli {
namespace {

// A socket pair instead of pipes, because sending on it need not raise SIGPIPE.
Result<Channel> make_conversation() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return fail_errno("socketpair", errno);
  return Channel{runtime::FileDescriptor(ends[0]), runtime::FileDescriptor(ends[1])};
}

[[noreturn]] void exec_nft(const std::string& program, int conversation) {
  dup2(conversation, STDIN_FILENO);
  dup2(conversation, STDOUT_FILENO);
  dup2(conversation, STDERR_FILENO);
  // A refusal shows as nft's own "Operation not permitted".
  (void)pass_network_administration_on();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const char* arguments[] = {program.c_str(), "-f", "-", nullptr};
  execv(program.c_str(), const_cast<char**>(arguments));
  _exit(127);
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t got = read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    if (text.size() < size_t{64} * 1024) text.append(chunk.data(), static_cast<size_t>(got));
  }
}

}  // namespace

Status run_nft(std::string_view ruleset) {
  const std::string program = find_program("nft");
  if (program.empty()) {
    return fail(ErrorCode::kNotFound, "the program `nft` is missing: install it (Debian: apt install nftables)");
  }
  Result<Channel> conversation = make_conversation();
  if (!conversation) return fail_with(conversation);
  const pid_t child = fork();
  if (child < 0) return fail_errno("cannot start nft", errno);
  if (child == 0) exec_nft(program, conversation->there.get());
  conversation->there.close();
  // A ruleset of ours fits into the socket's buffer, so this cannot block on an nft that does not read.
  const ssize_t written = send(conversation->here.get(), ruleset.data(), ruleset.size(), MSG_NOSIGNAL);
  shutdown(conversation->here.get(), SHUT_WR);
  const std::string said = read_all(conversation->here.get());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (written != static_cast<ssize_t>(ruleset.size())) return fail(ErrorCode::kIo, "nft did not read the rules");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(ErrorCode::kIo,
              "nft refused the rules; does this kernel have nf_tables with nat? It said: " + std::string(trim(said)));
}

}  // namespace ripstop::cli
