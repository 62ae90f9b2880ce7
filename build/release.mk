# what an operator runs: Debian's hardening

MODULE_CFLAGS = -g -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
                -Wformat -Werror=format-security
MODULE_LDFLAGS = -Wl,-z,relro -Wl,-z,now
