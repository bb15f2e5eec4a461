// The one text form of graphs. It knows no operation by name: a new operation needs no change here.
grammar IrText;

graph     : 'graph' CONSTANT '(' (input (',' input)*)? ')' ('->' type (',' type)*)?
            '{' statement* 'return' (result (',' result)*)? '}' EOF ;
input     : VALUE ':' type ;
statement : VALUE '=' name '(' (VALUE (',' VALUE)*)? ')' attributes? ':' type location? ;
result    : label '=' VALUE ;

type      : name ('<' 'scale' '=' number '>')? '[' (NUMBER (',' NUMBER)*)? ']' ;

attributes: '{' attribute (',' attribute)* '}' ;
attribute : name '=' value ;
value     : number | name | list | CONSTANT list? ;
list      : '[' (element (',' element)*)? ']' ;
element   : number | name ;
number    : NUMBER | 'NaN' | 'Infinity' | '-Infinity' ;

location  : 'loc' '(' STRING (',' STRING)* ')' ;
label     : name | STRING ;
name      : NAME | 'graph' | 'return' | 'scale' | 'loc' ;

VALUE     : '%' ([A-Za-z0-9_./]+ | STRING) ;
CONSTANT  : '@' ([A-Za-z0-9_./:-]+ | STRING) ('#' [0-9a-f]+)? ;
NUMBER    : '-'? [0-9]+ ('.' [0-9]+)? ([eE] [+-]? [0-9]+)? ;
NAME      : [A-Za-z_] [A-Za-z0-9_.]* ;
STRING    : '"' (~["\\\r\n] | '\\' ["\\nrt])* '"' ;

COMMENT   : '//' ~[\r\n]* -> skip ;
SPACE     : [ \t\r\n]+ -> skip ;
