/// How a fused product is laid over a device: the constants that the fused kernels share, and their launch size.
///
/// `Shaders/shared/fused.glsl` declares the constants.
struct FusedShape: Equatable, Sendable {
    /// Columns before padding.
    var columns: Int
    var norm: RowNorm
    var shares: RowShares
    /// Rows of x, each of which has work groups of its own.
    var tokens: Int
    var workgroups: (x: Int, y: Int) { (shares.workgroups, tokens) }

    /// - Parameters:
    ///   - norms: different weightings of a row, each with codes of its own.
    ///   - matrices: sums a row of the output needs.
    ///   - tokens: rows of x.
    init(
        rows: Int, columns: Int, norms: Int, matrices: Int, tokens: Int, norm: RowNorm, device: DeviceTraits
    ) {
        self.columns = columns
        self.norm = norm
        self.tokens = tokens
        shares = RowShares(rows: rows, width: paddedWidth(columns), matrices: matrices, device: device)
    }

    /// Whether a row's codes fit into shared memory.
    static func fits(columns: Int, norms: Int, device: DeviceTraits) -> Bool {
        norms * paddedWidth(columns) + laneSumBytes + otherBytes <= device.sharedMemoryBytes
    }

    /// Sums of a row's squares over lanes, for two norms.
    private static let laneSumBytes = 2 * 256 * 4
    /// Peaks, factors and partial sums.
    private static let otherBytes = 10 * 1024

    /// constant_id 0 to 9.
    func constants(for device: DeviceTraits) -> [UInt32] {
        norm.constants(columns: columns, device: device) + [shares.groups, shares.split, shares.depth].map { UInt32($0) }
    }

    static func == (a: FusedShape, b: FusedShape) -> Bool {
        a.columns == b.columns && a.norm == b.norm && a.shares == b.shares
    }
}
