#pragma once

#include <utility>

namespace contrail::bench {

/// What one would write without contrail: a list of callables, one allocation each.
class RawQueue {
 public:
  template <class F>
  void push(F fn) {
    Node* node = new Holder<F>(std::move(fn));
    (head_ ? tail_->next : head_) = node;
    tail_ = node;
  }
  void run() {
    while (Node* node = head_) {
      head_ = node->next;
      node->call();
      delete node;
    }
  }

 private:
  struct Node {
    virtual ~Node() = default;
    virtual void call() = 0;
    Node* next = nullptr;
  };
  template <class F>
  struct Holder final : Node {
    explicit Holder(F function) : fn(std::move(function)) {}
    void call() override { fn(); }
    F fn;
  };

  Node* head_ = nullptr;
  Node* tail_ = nullptr;
};

}  // namespace contrail::bench
