# what a developer runs: warnings are errors, assertions are on

MODULE_CFLAGS = -g -O0 -Wall -Wextra -Werror -Wno-unused-parameter \
                -DNGX_AIDIAL_DEBUG=1
MODULE_LDFLAGS =
