/// What the kernels share that normalise and quantise rows, a work group a row.
///
/// `Shaders/shared/row_quantize.glsl` declares the constants.
enum RowQuantize {
    /// constant_id 0 to 4.
    ///
    /// - Parameters:
    ///   - columns: before padding.
    ///   - outerEpsilon: of the block norm; nil where there is none.
    static func constants(columns: Int, outerEpsilon: Float?, device: DeviceTraits) -> [UInt32] {
        [
            UInt32(device.subgroupSize), UInt32(paddedWidth(columns)), (1 / Float(columns)).bitPattern,
            outerEpsilon == nil ? 0 : 1, (outerEpsilon ?? 0).bitPattern,
        ]
    }
}
