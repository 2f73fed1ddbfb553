#include "hooks/held_contexts.h"

namespace contrail::inline v0::hooks {

Number HeldContexts::add_maker(std::uint32_t group) { return makers_.add({group, 1, still_there}); }

void HeldContexts::maker_went(Number maker, std::int64_t now) {
  makers_[maker].went_at = now;
  drop_share(maker);
}

void HeldContexts::drop_share(Number maker) {
  if (maker != none && --makers_[maker].shares == 0) makers_.remove(maker);
}

Number HeldContexts::hold(const void* context, std::uint32_t group, Number maker) {
  if (holders_.size() >= holders_max_) {
    ++turned_away_;
    return none;
  }
  const auto [found, is_new] = by_identity_.try_emplace(context, none);
  if (is_new) {
    found->second = contexts_.add({context, maker, none});
    if (maker != none) ++makers_[maker].shares;
  }
  Context& its = contexts_[found->second];
  const Number holder = holders_.add({group, found->second, none, its.first_holder});
  if (its.first_holder != none) holders_[its.first_holder].previous = holder;
  its.first_holder = holder;
  return holder;
}

void HeldContexts::let_go(Number holder) {
  const Holder its = holders_[holder];
  holders_.remove(holder);
  Context& context = contexts_[its.context];
  (its.previous == none ? context.first_holder : holders_[its.previous].next) = its.next;
  if (its.next != none) holders_[its.next].previous = its.previous;
  if (context.first_holder != none) return;
  by_identity_.erase(context.identity);
  drop_share(context.maker);
  contexts_.remove(its.context);
}

void HeldContexts::each_outliving(const std::function<void(const Held&)>& visit) const {
  contexts_.each([&](const Context& context) {
    if (context.maker == none || makers_[context.maker].went_at == still_there) return;
    const Maker& maker = makers_[context.maker];
    Held held{maker.group, maker.went_at, {}};
    for (Number holder = context.first_holder; holder != none; holder = holders_[holder].next) {
      held.holder_groups.push_back(holders_[holder].group);
    }
    visit(held);
  });
}

}  // namespace contrail::inline v0::hooks
