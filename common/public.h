/*
 * TKE_PUBLIC marks what the shared libraries export; everything else is hidden.
 */
#pragma once

#if defined(__GNUC__)
#define TKE_PUBLIC __attribute__((visibility("default")))
#else
#define TKE_PUBLIC
#endif
