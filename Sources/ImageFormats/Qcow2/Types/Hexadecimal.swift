/// A number as C's `%#x` writes it, which the messages about corrupt images use: `0x2a`, and `0` for none.
func hexadecimal(_ number: some BinaryInteger) -> String {
    number == 0 ? "0" : "0x" + String(number, radix: 16)
}
