/*
 * What takes less than this is not shown at all: a page that comes and goes within it flickers
 * (look.md, rules).
 */
#pragma once

#define TKE_UI_PATIENCE_MS 300
