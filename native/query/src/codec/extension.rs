use super::messages::{
    CsvScan, ExternalScan, HashPartitioning, KilnNode, Mode, Node, Reads, ShuffleRead, ShuffleWrite, SortedPartitioning, SplitScan,
    WritePartitioning,
};
use crate::boundary::PartitionRead;
use crate::nodes::{
    CsvScanExec, ExternalScanExec, FileWriteExec, ReadMode, ShufflePartitioning, ShuffleReadExec, ShuffleWriteExec, SplitScanExec,
};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{Result, Statistics, internal_datafusion_err, internal_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::physical_expr::{LexOrdering, Partitioning, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalPlanDecodeContext, PhysicalProtoConverterExtension};
use datafusion_proto::protobuf::{self, PhysicalExprNode, PhysicalSortExprNode};
use prost::Message;
use std::sync::Arc;

/// Encodes our operators; functions are found by name in the task context's registry.
#[derive(Debug, Default, Clone, Copy)]
pub struct KilnCodec;

type Converter<'a> = &'a dyn PhysicalProtoConverterExtension;

impl KilnCodec {
    fn encode_exprs<'e>(
        &self,
        exprs: impl IntoIterator<Item = &'e Arc<dyn PhysicalExpr>>,
        converter: Converter<'_>,
    ) -> Result<Vec<PhysicalExprNode>> {
        exprs.into_iter().map(|e| converter.physical_expr_to_proto(e, self)).collect()
    }

    fn encode_order(&self, ordering: Option<&LexOrdering>, converter: Converter<'_>) -> Result<Vec<PhysicalSortExprNode>> {
        ordering
            .into_iter()
            .flat_map(|o| o.iter())
            .map(|sort| {
                Ok(PhysicalSortExprNode {
                    expr: Some(Box::new(converter.physical_expr_to_proto(&sort.expr, self)?)),
                    asc: !sort.options.descending,
                    nulls_first: sort.options.nulls_first,
                })
            })
            .collect()
    }

    fn decode_exprs(
        &self,
        nodes: &[PhysicalExprNode],
        schema: &Schema,
        ctx: &TaskContext,
        converter: Converter<'_>,
    ) -> Result<Vec<Arc<dyn PhysicalExpr>>> {
        let context = PhysicalPlanDecodeContext::new(ctx, self);
        nodes.iter().map(|n| converter.proto_to_physical_expr(n, schema, &context)).collect()
    }

    fn decode_order(
        &self,
        nodes: &[PhysicalSortExprNode],
        schema: &Schema,
        ctx: &TaskContext,
        converter: Converter<'_>,
    ) -> Result<Option<LexOrdering>> {
        let context = PhysicalPlanDecodeContext::new(ctx, self);
        let sorts = nodes
            .iter()
            .map(|n| {
                let expr = n.expr.as_deref().ok_or_else(|| internal_datafusion_err!("a sort key without an expression"))?;
                Ok(PhysicalSortExpr {
                    expr: converter.proto_to_physical_expr(expr, schema, &context)?,
                    options: arrow::compute::SortOptions { descending: !n.asc, nulls_first: n.nulls_first },
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(LexOrdering::new(sorts))
    }

    fn encode_read(&self, read: &ShuffleReadExec, converter: Converter<'_>) -> Result<ShuffleRead> {
        let partitioning = read.properties().output_partitioning();
        let hash = match partitioning {
            Partitioning::Hash(exprs, _) => self.encode_exprs(exprs, converter)?,
            _ => Vec::new(),
        };
        Ok(ShuffleRead {
            reader: read.reader(),
            shuffle_id: read.shuffle_id(),
            mode: match read.mode() {
                ReadMode::Partitions => Mode::Partitions,
                ReadMode::Broadcast => Mode::Broadcast,
                ReadMode::Range => Mode::Range,
            }
            .into(),
            schema: Some(read.schema().as_ref().try_into()?),
            hash,
            num_partitions: partitioning.partition_count() as u32,
            merge: self.encode_order(read.merge(), converter)?,
            fetch: read.fetch_rows().map(|f| f as u64),
            reads: read
                .reads()
                .map(|reads| Reads { ranges: reads.iter().flat_map(|r| [r.start, r.end, r.map_start, r.map_end.unwrap_or(0)]).collect() }),
            bounds: read.bounds().to_vec(),
        })
    }

    fn decode_read(&self, node: &ShuffleRead, ctx: &TaskContext, converter: Converter<'_>) -> Result<ShuffleReadExec> {
        let schema = decode_schema(node.schema.as_ref())?;
        let hash = self.decode_exprs(&node.hash, &schema, ctx, converter)?;
        let partitions = node.num_partitions as usize;
        let partitioning =
            if hash.is_empty() { Partitioning::UnknownPartitioning(partitions) } else { Partitioning::Hash(hash, partitions) };
        let merge = self.decode_order(&node.merge, &schema, ctx, converter)?;
        let mode = match node.mode() {
            Mode::Partitions => ReadMode::Partitions,
            Mode::Broadcast => ReadMode::Broadcast,
            Mode::Range => ReadMode::Range,
        };
        let mut read =
            ShuffleReadExec::new(node.reader, node.shuffle_id, mode, schema, partitioning, merge, node.fetch.map(|f| f as usize));
        if let Some(reads) = &node.reads {
            let reads = reads.ranges.chunks_exact(4).map(|r| PartitionRead {
                start: r[0],
                end: r[1],
                map_start: r[2],
                map_end: (r[3] > 0).then_some(r[3]),
            });
            read = read.with_reads(reads.collect());
        }
        if !node.bounds.is_empty() {
            read = read.with_bounds(node.bounds.clone());
        }
        Ok(read)
    }

    fn encode_write(&self, write: &ShuffleWriteExec, converter: Converter<'_>) -> Result<ShuffleWrite> {
        let partitioning = match write.partitioning() {
            ShufflePartitioning::Hash { expressions, num_partitions } => WritePartitioning::Hash(HashPartitioning {
                expressions: self.encode_exprs(expressions, converter)?,
                num_partitions: *num_partitions,
            }),
            ShufflePartitioning::RoundRobin { num_partitions } => WritePartitioning::RoundRobin(*num_partitions),
            ShufflePartitioning::Range { ordering, num_partitions } => WritePartitioning::Range(SortedPartitioning {
                ordering: self.encode_order(Some(ordering), converter)?,
                num_partitions: *num_partitions,
            }),
            ShufflePartitioning::Single { ordering } => WritePartitioning::Single(SortedPartitioning {
                ordering: self.encode_order(ordering.as_ref(), converter)?,
                num_partitions: 1,
            }),
            ShufflePartitioning::Broadcast => WritePartitioning::Broadcast(true),
        };
        Ok(ShuffleWrite { shuffle_id: write.shuffle_id(), partitioning: Some(partitioning) })
    }

    fn decode_write(
        &self,
        node: &ShuffleWrite,
        input: &Arc<dyn ExecutionPlan>,
        ctx: &TaskContext,
        converter: Converter<'_>,
    ) -> Result<ShuffleWriteExec> {
        let schema = input.schema();
        let partitioning = match &node.partitioning {
            Some(WritePartitioning::Hash(hash)) => ShufflePartitioning::Hash {
                expressions: self.decode_exprs(&hash.expressions, &schema, ctx, converter)?,
                num_partitions: hash.num_partitions,
            },
            Some(WritePartitioning::RoundRobin(num_partitions)) => ShufflePartitioning::RoundRobin { num_partitions: *num_partitions },
            Some(WritePartitioning::Range(range)) => ShufflePartitioning::Range {
                ordering: self
                    .decode_order(&range.ordering, &schema, ctx, converter)?
                    .ok_or_else(|| internal_datafusion_err!("a range exchange without an order"))?,
                num_partitions: range.num_partitions,
            },
            Some(WritePartitioning::Single(single)) => {
                ShufflePartitioning::Single { ordering: self.decode_order(&single.ordering, &schema, ctx, converter)? }
            }
            Some(WritePartitioning::Broadcast(_)) => ShufflePartitioning::Broadcast,
            None => return internal_err!("a shuffle write without a partitioning"),
        };
        Ok(ShuffleWriteExec::new(Arc::clone(input), node.shuffle_id, partitioning))
    }
}

impl PhysicalExtensionCodec for KilnCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: Converter<'_>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let message = KilnNode::decode(buf).map_err(|e| internal_datafusion_err!("a node of Kiln cannot be decoded: {e}"))?;
        match message.node {
            Some(Node::SplitScan(scan)) => {
                let template = scan.template.as_ref().ok_or_else(|| internal_datafusion_err!("a split scan without a source"))?;
                let context = PhysicalPlanDecodeContext::new(ctx, self);
                let template = converter.proto_to_execution_plan(template, &context)?;
                Ok(Arc::new(SplitScanExec::try_new(scan.scan, template, scan.num_partitions as usize)?))
            }
            Some(Node::ShuffleRead(read)) => Ok(Arc::new(self.decode_read(&read, ctx, converter)?)),
            Some(Node::ShuffleWrite(write)) => Ok(Arc::new(self.decode_write(&write, only(inputs)?, ctx, converter)?)),
            Some(Node::ExternalScan(scan)) => {
                let schema = decode_schema(scan.schema.as_ref())?;
                Ok(Arc::new(ExternalScanExec::new(scan.scan, scan.source, scan.payload, schema, Vec::new(), scan.num_partitions as usize)))
            }
            Some(Node::FileWrite(options)) => {
                let options = serde_json::from_str(&options).map_err(|e| internal_datafusion_err!("write options: {e}"))?;
                Ok(Arc::new(FileWriteExec::new(Arc::clone(only(inputs)?), options)))
            }
            Some(Node::CsvScan(scan)) => decode_csv(&scan),
            Some(Node::Lowered(payload)) => crate::lower::nodes::decode(&payload, inputs),
            None => internal_err!("an empty node of Kiln"),
        }
    }

    fn try_encode(&self, plan: Arc<dyn ExecutionPlan>, buf: &mut Vec<u8>, converter: Converter<'_>) -> Result<()> {
        let node = if let Some(scan) = plan.downcast_ref::<SplitScanExec>() {
            Node::SplitScan(Box::new(SplitScan {
                scan: scan.scan(),
                num_partitions: plan.output_partitioning().partition_count() as u32,
                template: Some(Box::new(converter.execution_plan_to_proto(scan.template(), self)?)),
            }))
        } else if let Some(read) = plan.downcast_ref::<ShuffleReadExec>() {
            Node::ShuffleRead(self.encode_read(read, converter)?)
        } else if let Some(write) = plan.downcast_ref::<ShuffleWriteExec>() {
            Node::ShuffleWrite(self.encode_write(write, converter)?)
        } else if let Some(scan) = plan.downcast_ref::<ExternalScanExec>() {
            Node::ExternalScan(ExternalScan {
                scan: scan.scan(),
                source: scan.source().to_owned(),
                payload: scan.payload().to_owned(),
                schema: Some(scan.schema().as_ref().try_into()?),
                num_partitions: plan.output_partitioning().partition_count() as u32,
            })
        } else if let Some(write) = plan.downcast_ref::<FileWriteExec>() {
            Node::FileWrite(serde_json::to_string(write.options()).map_err(|e| internal_datafusion_err!("write options: {e}"))?)
        } else if let Some(scan) = plan.downcast_ref::<CsvScanExec>() {
            Node::CsvScan(CsvScan {
                scan: scan.scan(),
                table: scan.table().to_owned(),
                format: serde_json::to_string(scan.format()).map_err(|e| internal_datafusion_err!("CSV format: {e}"))?,
                file_schema: Some(scan.file_schema().as_ref().try_into()?),
                projection: scan.projection().iter().map(|i| *i as u32).collect(),
                fetch: scan.fetch_rows().map(|f| f as u64),
                num_partitions: plan.output_partitioning().partition_count() as u32,
            })
        } else if let Some(payload) = crate::lower::nodes::encode(plan.as_ref()) {
            Node::Lowered(payload)
        } else {
            return internal_err!("{} cannot be sent to an executor", plan.name());
        };
        KilnNode { node: Some(node) }.encode(buf).map_err(|e| internal_datafusion_err!("{} cannot be encoded: {e}", plan.name()))
    }

    fn try_decode_udf(&self, name: &str, _buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        internal_err!("this executor has no function {name}")
    }

    fn try_decode_udaf(&self, name: &str, _buf: &[u8]) -> Result<Arc<AggregateUDF>> {
        internal_err!("this executor has no aggregate function {name}")
    }

    fn try_decode_udwf(&self, name: &str, _buf: &[u8]) -> Result<Arc<WindowUDF>> {
        internal_err!("this executor has no window function {name}")
    }
}

fn decode_csv(node: &CsvScan) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = decode_schema(node.file_schema.as_ref())?;
    let format = serde_json::from_str(&node.format).map_err(|e| internal_datafusion_err!("CSV format: {e}"))?;
    let projection = node.projection.iter().map(|i| *i as usize).collect();
    let statistics = Statistics::new_unknown(&schema);
    let scan =
        CsvScanExec::try_new(node.table.clone(), format, schema, projection, node.fetch.map(|f| f as usize), Vec::new(), statistics)?;
    Ok(Arc::new(scan.in_stage(node.scan, node.num_partitions as usize)))
}

fn only(inputs: &[Arc<dyn ExecutionPlan>]) -> Result<&Arc<dyn ExecutionPlan>> {
    match inputs {
        [input] => Ok(input),
        _ => internal_err!("a node with one child has {}", inputs.len()),
    }
}

fn decode_schema(schema: Option<&protobuf::Schema>) -> Result<SchemaRef> {
    let schema = schema.ok_or_else(|| internal_datafusion_err!("a node without a schema"))?;
    Ok(Arc::new(Schema::try_from(schema)?))
}
