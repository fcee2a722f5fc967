#include "runtime/scope.h"

#include <coroutine>
#include <exception>
#include <utility>

namespace ripstop::runtime {

struct Scope::Node {
  Node* previous = nullptr;
  Node* next = nullptr;
  std::coroutine_handle<> frame;
};

// The coroutine around a spawned task. Its promise is the list node, and it destroys itself at the end.
struct Scope::Owned {
  struct promise_type : Node {
    Scope* owner;

    promise_type(Scope& scope, Task<void>&) : owner(&scope) {
      frame = std::coroutine_handle<promise_type>::from_promise(*this);
    }
    static void* operator new(size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, size_t size) { free_frame(frame, size); }

    Owned get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct FinalAwaiter {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> done) noexcept {
        Scope& scope = *done.promise().owner;
        scope.unlink(done.promise());
        done.destroy();
        if (scope.size_ == 0) scope.empty_.set();
      }
      void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };

  std::coroutine_handle<promise_type> handle;
};

Scope::Owned Scope::own(Scope&, Task<void> task) {
  co_await task;
}

void Scope::spawn(Task<void> task) {
  const Owned owned = own(*this, std::move(task));
  link(owned.handle.promise());
  owned.handle.resume();
}

void Scope::cancel() {
  while (first_ != nullptr) {
    Node& node = *first_;
    unlink(node);
    node.frame.destroy();
  }
  empty_.set();
}

void Scope::link(Node& node) {
  node.next = first_;
  if (first_ != nullptr) first_->previous = &node;
  first_ = &node;
  ++size_;
  empty_.clear();
}

void Scope::unlink(Node& node) {
  (node.previous == nullptr ? first_ : node.previous->next) = node.next;
  if (node.next != nullptr) node.next->previous = node.previous;
  --size_;
}

}  // namespace ripstop::runtime
