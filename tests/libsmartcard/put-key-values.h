/*
 * Values for test-gp-registry.c, made with the command line of OpenSSL: keys under 40..4F, check
 * values.
 */
#pragma once

#define WRAPPED_1 "3D0FA4B855D2A5AA4954B8B5DF582A3A"
#define KCV_1 "C35280"
#define WRAPPED_2 "790ACCDA858B997029FA9AE50C9CD028"
#define KCV_2 "013808"
#define WRAPPED_3 "8CAA7F589AA0CEB6350A45E70A6E435B"
#define KCV_3 "840DE5"
