/// How a fused product's rows are shared out: the constants of `Shaders/shared/ternary_rows.glsl`.
struct RowShares: Equatable, Sendable {
    /// Groups of 4 rows a work group computes.
    var groups: Int
    /// Subgroups that share the columns of a group.
    var split: Int
    /// Tiles of each matrix that an invocation loads ahead.
    var depth: Int
    /// Work groups.
    var workgroups: Int

    /// Bytes of shared memory that partial sums may take.
    private static let sumsBudget = 8192

    /// Fills the device: columns are split while there are too few rows to give every processor a work group; rows are stacked
    /// where there are enough for more than two, so that the prologue, which every work group repeats, is paid seldom.
    init(rows: Int, width: Int, matrices: Int, device: DeviceTraits) {
        let rowGroups = ceilDivide(rows, 4)
        let tiles = width / 16
        var split = 1
        while split < device.subgroups, rowGroups * split < device.processors * device.subgroups * 3 / 4,
            tiles >= 2 * split * device.subgroupSize
        {
            split *= 2
        }
        let teams = device.subgroups / split
        let bytesPerGroup = 16 * matrices * split
        let mostGroups = max(teams, Self.sumsBudget / bytesPerGroup / teams * teams)
        let wanted = ceilDivide(ceilDivide(rowGroups, 2 * device.processors), teams) * teams
        groups = min(wanted, mostGroups)
        self.split = split
        workgroups = ceilDivide(rowGroups, groups)
        // Eight 16-byte loads in flight for every invocation hide the memory's latency; no more than there are to do. A software
        // driver has no latency to hide, and compiles unrolled loops slowly.
        let sequence = groups / teams * ceilDivide(tiles, split * device.subgroupSize)
        depth = min(sequence, device.hidesLatency ? max(1, 8 / matrices) : 1)
    }
}
