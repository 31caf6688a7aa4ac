// # Copies
//
// Where several neighbours bring an origin's messages, those that bring them second may be asked to leave that origin out, at
// their message ports, by one more subscription:
//
//	3/-/ORIGIN/     leave ORIGIN out of what you are relayed yourself
//	3/-/            tell which numbers you have
//
// The publisher sends a connection that has said 3/-/ORIGIN/ nothing on 3/*/ORIGIN/TOPIC until that is canceled or the connection
// ends. Names are compared by their keys. What it publishes on 3/ORIGIN/TOPIC is not left out. It MAY ignore what goes beyond 64
// KiB of these subscriptions (64 bytes for each, and the topic). A publisher that knows nothing of this keeps them as filters that
// never match, and copies come as before. So whoever asks SHOULD ask one publisher for 16 KiB of them at most.
//
// Who subscribes to 3/-/ is sent, half a beat apart at the least and where there is something to tell, a message of two frames, that topic and
//
//	newest   = entry *( "," entry )                 ; 8 KiB at most
//	entry    = origin "/" inc "/" number "/" said   ; the last number delivered of what was said on "1" or "2/CHANNEL"
//
// with those streams of which something came since the message before, and once more 40 s later, as what tells a number may be
// lost with the message. What does not fit is told by the next one. Whoever has subscribed to it anew SHOULD be sent at once, alone,
// those of which something came within ten beats, in 8 such messages at most. Entries of origins that this publisher was not asked to
// leave out are dropped, but by who has just asked it to relay. One that is malformed ends the body.
//
// A relay passes on what comes after it was asked. Where many are members by the word of others, one may speak before that, and then
// no more, and no later number shows it. So who asks a node there for what it is relayed, for one origin more, or over a new connection, SHOULD
// subscribe to 3/-/ for some seconds as well, once a beat at most, and where it has, cancel that first. It asks for what it misses: of a
// stream that it knows for the numbers that follow, and of one that it does not for what was said of late (see Repair). It SHOULD bound how
// much it asks one for, as that may make streams up.
//
// One way MUST stay open for an origin: its own connection, or a relay that was not asked to leave it out. A node SHOULD NOT ask
// anybody before some copies in a row came second, and not for messages without numbers, which it could not ask for again. Where
// a number is told and does not come within half a second, where messages have to be asked for, or where the way that was left
// ends, the node cancels all these subscriptions of that origin, and asks whoever told for what is missing (see Repair), and
// after the cancellation each of those that left the origin out for what follows the last number that it has: nobody tells of
// that any more. Of the copies that come then it learns anew which way is the quickest. Of a stream that has not begun it asks
// whoever told of it for what was said of late: the way that was left may not receive that channel. It SHOULD bound how often
// it asks and cancels, as publishers hang up those who do nothing else.
//
// # Tellings
//
// In several networks that a few nodes join, nobody hears everybody. Whom a node does not hear, and a member that it hears
// lists, may be a member for it by that one's word. A list shows so whom its sender hears, and what lies behind two such
// nodes in a row it does not. So who asks for it, by a subscription to "7" at a discovery port, is told of those too:
//
//	records  = [ record *( ";" record ) ]           ; at most 65536
//	record   = way "/" names
//	way      = name *14( "," name )                 ; the first of whom the teller hears, each hears the next one
//	names    = name *( "," name )                   ; and the last of them hears these. At most 1024 in all records
//	changes  = ( record / gone ) *( ";" ( record / gone ) )
//	gone     = "/" names                            ; these are told no more
//
// The third frame is a header, with the told that this telling has. A telling is a whole: what is not in it is told no
// more. A node sends it to all who ask when it has changed, and to one that subscribes to lists after the list, if it has
// asked for "7" before. Who asks for it later is sent it then; some versions send what changes alone. The beats after it have
// its number; who sees another one there than came asks again, by a new connection.
//
// Where much is told and little of it changes, a node sends what is something else under "7+", which whoever subscribes to
// "7" gets: the new ways of some names, and names that are told no more. Its told is one more than that of the telling which
// it changes; who has another one does not take it. Whoever comes then is sent the last whole telling and all changes since.
// No telling and no change is sent sooner than 50 ms after the one before.
//
// A node tells of those that are members for it by the word of others alone, by the way by which it knows them: its own word
// is added as the first of that way by who takes it. It MUST NOT tell of whom it hears, which its list is for, nor of whom
// some node only named. It SHOULD tell only what some member cannot know without it: where none that it hears lacks
// both the name and the first of the way in its list, it leaves the name out. So where everybody hears everybody, and where
// one node joins two networks, nobody tells anything.
//
// A receiver takes it from a member that it hears, for as long as it hears it, in place of the former one, and by that
// one's word alone. It MUST leave out records in whose way it stands itself: what goes round in a circle would outlive what
// it is about. It leaves out records whose way is none, and entries that are no names, and counts them. All names in it are
// hints too, within the limits of hints, and it dials them now and then: own ears are believed over any word.
//
// # Twins
//
// Where two processes use one name, those who hear both know it, and the member of that name may not: nobody else can tell
// it. So the header of their beats has twin, NAME@ADDRESS, the address an IP literal as in a name. The member may look who
// answers there, on the port of its own name, and say so. It is a hint, and changes nothing; a sender that knows of several
// takes turns, from beat to beat.
package topics
