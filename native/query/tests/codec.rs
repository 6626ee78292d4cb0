//! Every stage of TPC-H survives the codec: encoding what was decoded gives the same message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use datafusion::physical_plan::ExecutionPlanProperties;
use datafusion_proto::protobuf::PhysicalPlanNode;
use kiln_query::boundary::{ProgramHeader, StagedPlan};
use kiln_query::codec::{PlanKind, decode_stage, encode_plan, read_header};
use prost::Message;
use std::fs;
use std::path::Path;
use support::Variant;
use support::tables::{tpch_dir, tpch_request, tpch_tables};

fn message(bytes: &[u8]) -> (ProgramHeader, PhysicalPlanNode) {
    let (header, plan) = read_header(PlanKind::Stage, bytes).unwrap();
    (header, PhysicalPlanNode::decode(plan).unwrap())
}

fn check(variant: &Variant) {
    let tables = tpch_tables(tpch_dir());
    for q in 1..=22 {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/tpch/q{q}.sql"));
        let planned = kiln_query::plan::plan(&tpch_request(&fs::read_to_string(path).unwrap(), &tables, variant)).unwrap();
        let json = serde_json::to_string(&planned.plan).unwrap();
        let plan: StagedPlan = serde_json::from_str(&json).unwrap();
        for (stage, bytes) in plan.stages.iter().zip(&planned.stages) {
            let (header, tree) = decode_stage(bytes).unwrap();
            assert_eq!(tree.output_partitioning().partition_count(), stage.num_tasks as usize, "q{q} stage {}", stage.id);
            let again = encode_plan(PlanKind::Stage, &header, &tree).unwrap();
            // Messages, not bytes: maps in protobuf have no order.
            let (before, after) = (message(bytes), message(&again));
            assert_eq!(before.1, after.1, "q{q} stage {}", stage.id);
            assert_eq!(serde_json::to_string(&before.0).unwrap(), serde_json::to_string(&after.0).unwrap());
            let (_, twice) = decode_stage(&again).unwrap();
            assert_eq!(tree.schema(), twice.schema());
            assert_eq!(format!("{:?}", tree.output_ordering()), format!("{:?}", twice.output_ordering()));
        }
    }
}

#[test]
fn stages_of_tpch() {
    check(&Variant::default());
}

#[test]
fn stages_of_tpch_without_broadcast() {
    let variant = Variant::default().conf("spark.sql.files.maxPartitionBytes", "256k").conf("spark.sql.files.openCostInBytes", "1k");
    check(&variant.conf("spark.sql.autoBroadcastJoinThreshold", "-1").conf("kiln.sql.sort.singleMergeBytes", "0"));
}

#[test]
fn other_bytes_are_refused() {
    let error = decode_stage(b"something else").unwrap_err().to_string();
    assert!(error.contains("no Stage of Kiln"), "{error}");
}
