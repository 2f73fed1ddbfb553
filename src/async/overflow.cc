#include "src/async/overflow.h"

namespace contrail::inline v0::detail {
namespace {

constexpr std::uint32_t digit(std::uint32_t index, std::uint32_t height) {
  return (index >> (OverflowNode::bits * height)) % OverflowNode::fan_out;
}

bool covers(const OverflowNode* node, std::uint32_t index) {
  const std::uint32_t shift = OverflowNode::bits * (node->height + 1);
  return shift >= 32 || (index >> shift) == 0;
}

void retain_child(const OverflowNode* node, void* child) noexcept {
  if (!child) return;
  if (node->height == 0) {
    retain(static_cast<Box*>(child));
  } else {
    retain(static_cast<OverflowNode*>(child));
  }
}

void release_child(const OverflowNode* node, void* child) noexcept {
  if (!child) return;
  if (node->height == 0) {
    release(static_cast<Box*>(child));
  } else {
    release(static_cast<OverflowNode*>(child));
  }
}

OverflowNode* copy(const OverflowNode* from) {
  auto* node = new OverflowNode;
  node->height = from->height;
  node->children = from->children;
  for (void* child : node->children) retain_child(node, child);
  return node;
}

OverflowNode* at_height(std::uint32_t height) {
  auto* node = new OverflowNode;
  node->height = height;
  return node;
}

/// Puts box (or nothing) at index in a node nobody else sees; copies the path below it.
void put(OverflowNode* node, std::uint32_t index, Ref<Box> box) {
  void*& child = node->children[digit(index, node->height)];
  if (node->height == 0) {
    release_child(node, std::exchange(child, box.detach()));
    return;
  }
  auto* below = static_cast<OverflowNode*>(child);
  auto* mine = below ? copy(below) : at_height(node->height - 1);
  child = mine;
  if (below) release(below);
  put(mine, index, std::move(box));
}

}  // namespace

void free_overflow(OverflowNode* node) noexcept {
  for (void* child : node->children) release_child(node, child);
  delete node;
}

Box* overflow_find(const OverflowNode* root, std::uint32_t index) noexcept {
  if (!covers(root, index)) return nullptr;
  for (std::uint32_t height = root->height; height > 0; --height) {
    root = static_cast<const OverflowNode*>(root->children[digit(index, height)]);
    if (!root) return nullptr;
  }
  return static_cast<Box*>(root->children[digit(index, 0)]);
}

OverflowNode* overflow_with(OverflowNode* root, std::uint32_t index, Ref<Box> box) {
  auto tree = Ref<OverflowNode>::adopt(root ? copy(root) : at_height(0));
  while (!covers(tree.get(), index)) {
    OverflowNode* taller = at_height(tree->height + 1);
    taller->children[0] = tree.detach();
    tree = Ref<OverflowNode>::adopt(taller);
  }
  put(tree.get(), index, std::move(box));
  return tree.detach();
}

OverflowNode* overflow_without(OverflowNode* root, std::uint32_t index) {
  auto tree = Ref<OverflowNode>::adopt(copy(root));
  if (covers(tree.get(), index)) put(tree.get(), index, {});
  return tree.detach();
}

}  // namespace contrail::inline v0::detail
