// Values that ask for more alignment than memory usually has.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "contrail/async_context.h"
#include "contrail/async_local_storage.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

template <std::size_t alignment, std::size_t size>
struct alignas(alignment) Wide {
  std::array<std::byte, size> bytes{};
};

template <class T>
class WideValues : public LoopTest {
 protected:
  /// Sizes of all sorts, so that memory does not happen to be aligned.
  void scatter() {
    for (std::size_t size = 1; size < 8; ++size) {
      scattered_.emplace_back(std::string(24 * size + ++count_ % 16, 'x'));
    }
  }
  static bool is_aligned(const T& value) {
    const volatile auto address = reinterpret_cast<std::uintptr_t>(&value);
    return address % alignof(T) == 0;
  }

 private:
  std::deque<std::string> scattered_;
  std::size_t count_ = 0;
};

using Widths =
    ::testing::Types<Wide<32, 1>, Wide<64, 1>, Wide<64, 640>, Wide<128, 1>, Wide<128, 640>>;
TYPED_TEST_SUITE(WideValues, Widths);

TYPED_TEST(WideValues, are_aligned_in_storages) {
  AsyncLocalStorage<TypeParam> storage;
  for (int i = 0; i < 32; ++i) {
    this->scatter();
    storage.run({}, [&] { ASSERT_TRUE(this->is_aligned(*storage.get_store())); });
  }
}

TYPED_TEST(WideValues, are_aligned_in_promises) {
  std::vector<Promise<TypeParam>> promises;
  int aligned = 0;
  for (int i = 0; i < 32; ++i) {
    this->scatter();
    promises.push_back(Promise<TypeParam>::resolve());
    promises.back().then([&](TypeParam& value) { aligned += this->is_aligned(value); }).detach();
  }
  this->loop().run();
  EXPECT_EQ(aligned, 32);
}

TYPED_TEST(WideValues, are_aligned_in_reactions) {
  int aligned = 0;
  for (int i = 0; i < 32; ++i) {
    this->scatter();
    const TypeParam wide;
    auto check = [this, &aligned, wide] { aligned += this->is_aligned(wide); };
    Promise<>::resolve().then(check).detach();
  }
  this->loop().run();
  EXPECT_EQ(aligned, 32);
}

TYPED_TEST(WideValues, are_aligned_in_callbacks) {
  int aligned = 0;
  for (int i = 0; i < 32; ++i) {
    this->scatter();
    const TypeParam wide;
    set_timeout([this, &aligned, wide] { aligned += this->is_aligned(wide); });
  }
  this->loop().run();
  EXPECT_EQ(aligned, 32);
}

}  // namespace
}  // namespace contrail
