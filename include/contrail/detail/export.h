#pragma once

/// Marks what a shared build of contrail offers to its users; everything else stays hidden.
#define CONTRAIL_API __attribute__((visibility("default")))
